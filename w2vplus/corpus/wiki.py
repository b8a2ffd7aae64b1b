"""A MediaWiki XML dump as running text: one article, one sentence. gensim's wikicorpus knows the mark-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from w2vplus.corpus.files import expand, first_bytes, is_path, open_plain
from w2vplus.corpus.sources import ByteSource, RemoteFile
from w2vplus.errors import CorpusError

ARTICLE_NAMESPACE = "0"
MARKER = b"<mediawiki"
MARKER_WITHIN = 1024


def is_wiki_dump(file: ByteSource) -> bool:
    """Whether the file is a MediaWiki dump: mark-up from its first byte on. Of remote files, only those with ".xml" in
    their names are looked into, which takes a request."""
    if isinstance(file, RemoteFile) and ".xml" not in Path(file.name).name:
        return False
    head = first_bytes(file, MARKER_WITHIN).lstrip()
    return head.startswith(b"<") and MARKER in head


class WikiDump:
    """The articles of MediaWiki XML dumps (.xml, .xml.bz2 or compressed otherwise) as lists of tokens.

    `source`: a path, or a list of byte sources. Tokens are gensim's (`gensim.corpora.wikicorpus.tokenize`):
    runs of letters without digits or marks, of `token_min_len` to `token_max_len` letters, in lower case
    unless `lower=False`. Only articles proper (namespace 0) of at least `article_min_tokens` tokens are
    given, which leaves out redirects. Unlike gensim's WikiCorpus, one-letter words stay by default: this is
    running text.

    Raises CorpusError if the dump is truncated or not XML.
    """

    def __init__(
        self,
        source: Any,
        *,
        lower: bool = True,
        token_min_len: int = 1,
        token_max_len: int = 40,
        article_min_tokens: int = 50,
    ) -> None:
        self._files: list[ByteSource] = expand(source) if is_path(source) else list(source)
        self.lower = lower
        self.token_min_len = token_min_len
        self.token_max_len = token_max_len
        self.article_min_tokens = article_min_tokens

    def files(self) -> list[ByteSource]:
        """The byte sources in reading order."""
        return self._files

    def __iter__(self) -> Iterator[list[str]]:
        return self.articles()

    def articles(self, on_raw_bytes: Callable[[int], object] | None = None) -> Iterator[list[str]]:
        """The same lists; `on_raw_bytes(n)` hears of every n bytes read of the files as they are on disk."""
        from gensim.corpora import wikicorpus

        for file in self._files:
            with open_plain(file, on_raw_bytes) as stream:
                try:
                    pages = wikicorpus.extract_pages(stream, filter_namespaces=(ARTICLE_NAMESPACE,))
                    for _title, markup, _page_id in pages:
                        text = wikicorpus.filter_wiki(markup)
                        tokens = wikicorpus.tokenize(text, self.token_min_len, self.token_max_len, self.lower)
                        if len(tokens) >= self.article_min_tokens:
                            yield tokens
                except ParseError as error:
                    raise CorpusError(
                        f"{file.name} is not a whole MediaWiki dump ({error}): fetch it again"
                    ) from error
