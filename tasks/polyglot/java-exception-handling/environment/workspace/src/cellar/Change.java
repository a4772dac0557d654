package cellar;

/** One line of a file of changes. */
record Change(Kind kind, String name, int count, int line) {
    enum Kind { PUT, TAKE, DROP }

    static final int MOST = 100_000;

    /** Does it to a register; {@code source} is the file that it comes from, for messages. */
    void applyTo(Register register, String source) throws CellarException {
        int have = register.count(name);
        switch (kind) {
            case PUT -> register.set(name, have + count);
            case TAKE -> {
                if (have < count) {
                    throw stock(source, have + " bottles, not " + count);
                }
                register.set(name, have - count);
            }
            case DROP -> {
                if (have == 0) {
                    throw stock(source, "not in the register");
                }
                register.set(name, 0);
            }
        }
    }

    private CellarException stock(String source, String what) {
        return new CellarException(Problem.STOCK, source + ":" + line + ": " + name + ": " + what);
    }
}
