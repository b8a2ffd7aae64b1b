#!/bin/sh
# Makes the pictures that README shows, beside this file, from vectors of English text:
#
#   w2vplus train TEXT --normalize simple --phrases 1 --phrase-threshold 100 --phrase-connectors english --sg -o vectors.bin
#   examples/pictures/make.sh vectors.bin
#
# The text of the committed ones: 16 million words of the English Wikipedia of 2014. Needs the extra `plot`.
set -eu
vectors=${1:?"usage: $0 VECTORS"}
here=$(dirname "$0")
w2vplus plot "$vectors" -o "$here/map.png" --top 300 --size 800x620 --title "300 words of Wikipedia"
w2vplus plot "$vectors" king queen prince princess man woman boy girl water -o "$here/strip.png" --kind strip --size 900x330
w2vplus plot "$vectors" man king woman -o "$here/analogy.png" --kind analogy --size 700x500
