package cellar;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line: the only part that prints and that ends the process. */
public final class Main {
    private static final String USAGE = "usage: cellar apply [--keep-going] REGISTER CHANGES... | list REGISTER";

    private Main() {
    }

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments)));
    }

    private static int run(List<String> arguments) {
        List<String> words = new ArrayList<>(arguments);
        String command = words.isEmpty() ? "" : words.remove(0);
        boolean keepGoing = command.equals("apply") && words.remove("--keep-going");
        if (words.stream().anyMatch(word -> word.startsWith("-"))) {
            return tell(new CellarException(Problem.USAGE, USAGE));
        }
        if (command.equals("apply") && words.size() >= 2) {
            return apply(Path.of(words.get(0)), words.subList(1, words.size()), keepGoing);
        }
        if (command.equals("list") && words.size() == 1) {
            return list(Path.of(words.get(0)));
        }
        return tell(new CellarException(Problem.USAGE, USAGE));
    }

    private static int apply(Path register, List<String> files, boolean keepGoing) {
        int exitCode = 0;
        for (String file : files) {
            try {
                int count = Transaction.apply(register, Path.of(file));
                System.out.println(file + ": " + count + " changes applied");
            } catch (CellarException error) {
                int code = tell(error);
                exitCode = exitCode == 0 ? code : exitCode;
                if (!keepGoing) {
                    break;
                }
            }
        }
        return exitCode;
    }

    private static int list(Path path) {
        try {
            Register register = Register.load(path);
            register.lines().forEach(System.out::println);
            System.out.println("total\t" + register.total());
            return 0;
        } catch (CellarException error) {
            return tell(error);
        }
    }

    private static int tell(CellarException error) {
        System.err.println("cellar: " + error.getMessage());
        return error.problem.exitCode;
    }
}
