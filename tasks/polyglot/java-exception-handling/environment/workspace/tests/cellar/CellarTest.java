package cellar;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Runs each test in a new folder. */
public final class CellarTest {
    private interface Body {
        void in(Path folder) throws Exception;
    }

    private static final Map<String, Body> TESTS = new LinkedHashMap<>();

    public static void main(String[] arguments) throws Exception {
        TESTS.put("changes are applied in order", folder -> {
            Path register = file(folder, "register", "barolo\t6\n");
            Path changes = file(folder, "monday", "put chablis 12\n\n# gifts\ntake barolo 6\ntake chablis 2\n");
            same(3, Transaction.apply(register, changes));
            same("chablis\t10\n", Files.readString(register));
        });
        TESTS.put("a register that does not exist is empty", folder -> {
            Path register = folder.resolve("register");
            same(1, Transaction.apply(register, file(folder, "monday", "put rioja 3\n")));
            same("rioja\t3\n", Files.readString(register));
        });
        TESTS.put("a count that is none is refused", folder -> {
            Path register = file(folder, "register", "rioja\t3\n");
            Path changes = file(folder, "monday", "put rioja 1\nput rioja some\n");
            same(changes + ":2: not a count: some", failure(Problem.CHANGES, register, changes));
            same("rioja\t3\n", Files.readString(register));
        });
        TESTS.put("a shortage is told", folder -> {
            Path register = file(folder, "register", "rioja\t3\n");
            Path changes = file(folder, "monday", "take rioja 4\n");
            same(changes + ":1: rioja: 3 bottles, not 4", failure(Problem.STOCK, register, changes));
        });
        TESTS.put("a failure gives the lock back", folder -> {
            Path register = file(folder, "register", "rioja\t3\n");
            failure(Problem.STOCK, register, file(folder, "monday", "drop merlot\n"));
            same(false, Files.exists(folder.resolve("register.lock")));
        });
        TESTS.put("a lock of somebody else is respected", folder -> {
            Path register = file(folder, "register", "rioja\t3\n");
            Path lock = file(folder, "register.lock", "");
            same(register + " is locked", failure(Problem.LOCKED, register, file(folder, "monday", "put rioja 1\n")));
            same(true, Files.exists(lock));
        });
        int failed = 0;
        for (Map.Entry<String, Body> test : TESTS.entrySet()) {
            Path folder = Files.createTempDirectory("cellar-test");
            try {
                test.getValue().in(folder);
                System.out.println("ok      " + test.getKey());
            } catch (Exception | AssertionError error) {
                failed++;
                System.out.println("FAILED  " + test.getKey() + ": " + error);
            } finally {
                try (Stream<Path> paths = Files.walk(folder)) {
                    for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(path);
                    }
                }
            }
        }
        System.exit(failed == 0 ? 0 : 1);
    }

    private static Path file(Path folder, String name, String text) throws Exception {
        return Files.writeString(folder.resolve(name), text);
    }

    /** The message with which a transaction fails. */
    private static String failure(Problem problem, Path register, Path changes) {
        try {
            Transaction.apply(register, changes);
        } catch (CellarException error) {
            same(problem, error.problem);
            return error.getMessage();
        }
        throw new AssertionError("it was applied");
    }

    private static void same(Object wanted, Object actual) {
        if (!wanted.equals(actual)) {
            throw new AssertionError("expected " + wanted + ", got " + actual);
        }
    }
}
