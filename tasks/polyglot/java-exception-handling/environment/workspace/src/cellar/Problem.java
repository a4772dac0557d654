package cellar;

/** The rows of the README's table of errors. */
enum Problem {
    USAGE(2),
    CHANGES(3),
    DAMAGED(4),
    FILE(5),
    LOCKED(6),
    STOCK(7);

    final int exitCode;

    Problem(int exitCode) {
        this.exitCode = exitCode;
    }
}
