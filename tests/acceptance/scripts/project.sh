#!/usr/bin/env bash
# project.sh HOW: a small project of C and C++ is built by `make -j2` or by cmake with ninja, and its tests run.
set -e
mkdir -p src
for n in 1 2 3; do
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint part%s(int n) { char text[32]; snprintf(text, sizeof text, "%%d", n * %s); return (int)strlen(text) + atoi(text); }\n' $n $n >src/part$n.c
done
cat >src/words.cpp <<'CODE'
#include <algorithm>
#include <map>
#include <string>
#include <vector>
extern "C" int words(const char *text) {
    std::map<std::string, int> count;
    std::string word;
    for (const char *p = text;; ++p) {
        if (*p != ' ' && *p != '\0') word += *p;
        else { ++count[word]; word.clear(); }
        if (*p == '\0') break;
    }
    std::vector<int> counts;
    for (const auto &[_, n] : count) counts.push_back(n);
    return *std::max_element(counts.begin(), counts.end());
}
CODE
cat >src/main.c <<'CODE'
#include <stdio.h>
int part1(int), part2(int), part3(int), words(const char *);
int main(void) { printf("%d %d\n", part1(10) + part2(20) + part3(30), words("a b a c a b")); return 0; }
CODE
case $1 in
make)
    cat >Makefile <<'CODE'
objects = src/part1.o src/part2.o src/part3.o src/words.o src/main.o
CFLAGS = -O1 -g -Wall
CXXFLAGS = -O1 -Wall -std=c++17
test: program ; ./program
program: libparts.a src/words.o src/main.o ; $(CXX) -o $@ src/main.o src/words.o libparts.a
libparts.a: src/part1.o src/part2.o src/part3.o ; $(AR) rcsD $@ $^
clean: ; rm -f program libparts.a $(objects)
CODE
    make -s -j2 test
    sha256sum src/*.o libparts.a program
    make -s -j2 test
    touch src/part2.c
    make -n test | wc -l
    gcc -c -x c - -o bad.o 2>&1 <<<'int f(void) { return g; }' || echo "an error is an error: $?"
    nm -C program | grep -c ' T part'
    strip program && ./program
    make -s clean && ls src ;;
cmake)
    cat >CMakeLists.txt <<'CODE'
cmake_minimum_required(VERSION 3.18)
project(small C CXX)
enable_testing()
find_package(Threads REQUIRED)
add_library(parts STATIC src/part1.c src/part2.c src/part3.c)
add_executable(program src/main.c src/words.cpp)
target_link_libraries(program parts Threads::Threads)
add_test(NAME runs COMMAND program)
CODE
    cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release >log || { cat log; exit 1; }
    grep -c 'ABI info - done' log
    ninja -C build -j2 --quiet || exit
    build/program
    (cd build && ctest 2>&1 | grep 'tests passed')
    sha256sum build/program
    ninja -C build | grep 'no work' ;;
esac
