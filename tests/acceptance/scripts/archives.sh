#!/usr/bin/env bash
# Packing and unpacking by every common packer; what comes back is what went in.
set -e
mkdir in
cp -r /usr/include/linux in/
rm -rf in/linux/[d-z]*
ln -s ../linux/a.out.h in/link; ln in/linux/acct.h in/hard; mkfifo in/fifo; chmod 600 in/linux/aio_abi.h
truncate -s 1M in/sparse; echo end >>in/sparse
sum() { (cd "$1" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum; find . -printf '%P %y %m %l\n' | LC_ALL=C sort | sha256sum); }
sum in
tar -cSf plain.tar in
for packer in gzip bzip2 "xz -1" zstd; do
    command -v "${packer%% *}" >/dev/null || continue
    rm -rf out; mkdir out
    tar -c -I "$packer" -f packed in
    tar -x -I "${packer%% *}" -C out -f packed
    echo "$packer"; sum out/in
done
head -c 2200000 /usr/bin/perl >big
gzip -nk big; xz -k -0 -T2 big; zstd -q -k -T2 big
gzip -t big.gz; xz -t big.xz; zstd -q -t big.zst
zcat big.gz | cmp - big; xz -dc big.xz | cmp - big; zstd -dcq big.zst | cmp - big
head -c 1000 big.gz >cut.gz; gunzip -c cut.gz >/dev/null 2>said || { echo "cut: $?"; cat said; }
if command -v zip >/dev/null && command -v unzip >/dev/null; then rm in/fifo; zip -qry a.zip in; unzip -tq a.zip; fi
if command -v rsync >/dev/null; then
    rsync -a in/ copy/; echo more >>in/hard; rsync -ai in/ copy/ | LC_ALL=C sort; sum copy
fi
