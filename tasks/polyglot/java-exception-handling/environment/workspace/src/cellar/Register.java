package cellar;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The bottles of each wine, in memory; read from a file, and written back in one step. */
final class Register {
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,40}");
    private static final Pattern LINE = Pattern.compile("([a-z0-9-]{1,40})\t([1-9][0-9]{0,8})");

    private final Map<String, Integer> counts = new TreeMap<>();

    static boolean isName(String word) {
        return NAME.matcher(word).matches();
    }

    static Register load(Path path) throws CellarException {
        Register register = new Register();
        try {
            int number = 0;
            for (String line : Files.readAllLines(path)) {
                number++;
                Matcher parts = LINE.matcher(line);
                if (!parts.matches()) {
                    throw new CellarException(Problem.DAMAGED, path + ":" + number + ": damaged");
                }
                register.set(parts.group(1), Integer.parseInt(parts.group(2)));
            }
        } catch (IOException error) {
            throw new CellarException(Problem.FILE, "can't read " + path, error);
        }
        return register;
    }

    /** The number of bottles; 0 for a wine that is not there. */
    int count(String name) {
        return counts.getOrDefault(name, 0);
    }

    void set(String name, int count) {
        if (count == 0) {
            counts.remove(name);
        } else {
            counts.put(name, count);
        }
    }

    long total() {
        return counts.values().stream().mapToLong(Integer::longValue).sum();
    }

    List<String> lines() {
        return counts.entrySet().stream().map(wine -> wine.getKey() + "\t" + wine.getValue()).toList();
    }

    /** Puts this in the place of the file, which stays as it was when that fails. */
    void save(Path path) throws CellarException {
        Path fresh = Path.of(path + ".new");
        try {
            try (PrintWriter writer = new PrintWriter(Files.newBufferedWriter(fresh))) {
                for (String line : lines()) {
                    writer.print(line + "\n");
                }
            }
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException error) {
            throw new CellarException(Problem.FILE, "can't write " + path, error);
        }
    }
}
