#!/usr/bin/env bash
# repository.sh FILES: a repository with so many files is made, changed, cloned, packed and asked about.
set -e
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2024-01-01 12:00 +0000' GIT_COMMITTER_DATE='2024-01-01 12:00 +0000'
git config --global user.name Somebody
git config --global user.email somebody@example.org
git config --global init.defaultBranch main
git config --global gc.auto 0
git init -q one
cd one
for folder in $(seq 0 $(($1 / 100 - 1))); do
    mkdir "d$folder"
    for file in $(seq 100); do echo "$folder $file" >"d$folder/f$file"; done
done
git add .
git commit -q -m 'All files'
git status --short | wc -l
echo changed >>d0/f1; rm d0/f2; echo new >new
git status --short
git diff --stat
git commit -q -a -m 'Some changes'
git checkout -q -b side HEAD~1
echo side >side; git add side; git commit -q -m 'On the side'
git checkout -q main
git merge -q -m 'Both' side
git log --oneline --graph
git gc -q
git count-objects -v | grep -e packs -e in-pack
git fsck --no-progress
git clone -q . ../two
git -C ../two log --format=%s --stat -n 2
git -C ../two ls-files | wc -l
git grep -c '^0 7' -- d0 | head -n 3
git blame -s d0/f1
git stash list
git archive HEAD d0 | tar -tf - | wc -l
