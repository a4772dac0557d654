#!/bin/sh
# Compiles into build/ and runs the tests; exits with 1 when one fails.
set -eu
cd "$(dirname "$0")/.."
rm -rf build/classes build/tests
mkdir -p build/classes build/tests
javac -d build/classes -sourcepath src src/circular/Main.java
javac -d build/tests -cp build/classes tests/circular/*.java
java -cp build/classes:build/tests circular.CircularTest
