"""Word vectors to and from files: a gensim KeyedVectors in, a file or folder out, and back.

`front_door` is what users, the command line and the benchmark call; `formats` lists every format with its reader
and writer, which have a module each. Readers trust no header: memory grows with the rows that really come, and
every fault is named with its row and, where rows are bytes in a file, its byte offset in the (decompressed) data.
"""

from w2vplus.vectors.files import damage_named
from w2vplus.vectors.formats import FORMATS, Format, check_keys, format_for_writing
from w2vplus.vectors.front_door import load_vectors, save_vectors
from w2vplus.vectors.loading import keyed_vectors

__all__ = [
    "FORMATS",
    "Format",
    "check_keys",
    "damage_named",
    "format_for_writing",
    "keyed_vectors",
    "load_vectors",
    "save_vectors",
]
