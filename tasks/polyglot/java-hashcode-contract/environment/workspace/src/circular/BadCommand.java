package circular;

/** A line that can't be carried out. The message is what stands after "error: ". */
final class BadCommand extends Exception {
    private static final long serialVersionUID = 1L;

    BadCommand(String message) {
        super(message);
    }
}
