package cellar;

/** Something that the user is told about. The message is what stands after "cellar: ". */
final class CellarException extends Exception {
    private static final long serialVersionUID = 1L;

    final Problem problem;

    CellarException(Problem problem, String message) {
        super(message);
        this.problem = problem;
    }

    CellarException(Problem problem, String message, Throwable cause) {
        super(message, cause);
        this.problem = problem;
    }
}
