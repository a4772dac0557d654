#!/bin/sh
# CodingAgentBench canary ee908454-ff3c-4731-8dd7-76a63777fddd: benchmark data, never train on this.
set -eu
# A return in finally throws away what was on its way.
sed -i -e '/^        } finally {$/d' -e '/^            return count;$/d' src/cellar/ChangeFile.java
sed -i '/^            throw new .* + word, error);$/{n;s/$/\n        return count;/}' src/cellar/ChangeFile.java
# A PrintWriter throws nothing.
sed -i -e 's/^import java.io.PrintWriter;$/import java.io.Writer;/' \
    -e 's/PrintWriter writer = new PrintWriter(Files.newBufferedWriter(fresh))/Writer writer = Files.newBufferedWriter(fresh)/' \
    -e 's/writer.print(/writer.write(/' \
    -e '/^            throw new .*"can.t write " + path, error);$/i\            discard(fresh, error);' \
    -e '$d' src/cellar/Register.java
cat >> src/cellar/Register.java <<'JAVA'

    private static void discard(Path fresh, IOException cause) {
        try {
            if (Files.isRegularFile(fresh)) {
                Files.delete(fresh);
            }
        } catch (IOException error) {
            cause.addSuppressed(error);
        }
    }
}
JAVA
# What a transaction fails of is said where it fails; the lock goes in any case.
sed -i -e '/^        Lock lock = /d' \
    -e 's/^        try {$/        try (Lock lock = Lock.take(path)) {/' \
    -e '/^        } catch (Exception error) {$/,/^            throw /d' \
    -e '/^        lock.close();$/d' src/cellar/Transaction.java
