package cellar;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads files of changes. */
final class ChangeFile {
    private ChangeFile() {
    }

    /** All changes of a file, in order. */
    static List<Change> read(Path path) throws CellarException {
        List<Change> changes = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(path)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                changes.add(parse(line, path + ":" + number + ": ", number));
            }
        } catch (IOException error) {
            throw new CellarException(Problem.FILE, "can't read " + path, error);
        }
        return changes;
    }

    private static Change parse(String line, String where, int number) throws CellarException {
        String[] words = line.strip().split(" +");
        Change.Kind kind = switch (words[0]) {
            case "put" -> Change.Kind.PUT;
            case "take" -> Change.Kind.TAKE;
            case "drop" -> Change.Kind.DROP;
            default -> null;
        };
        if (kind == null || words.length != (kind == Change.Kind.DROP ? 2 : 3)) {
            throw new CellarException(Problem.CHANGES, where + "not a change: " + line);
        }
        if (!Register.isName(words[1])) {
            throw new CellarException(Problem.CHANGES, where + "not a name: " + words[1]);
        }
        int count = kind == Change.Kind.DROP ? 0 : count(words[2], where);
        return new Change(kind, words[1], count, number);
    }

    private static int count(String word, String where) throws CellarException {
        int count = 0;
        try {
            count = Integer.parseInt(word);
            if (count < 1 || count > Change.MOST) {
                throw new CellarException(Problem.CHANGES, where + "not a count: " + word);
            }
        } catch (NumberFormatException error) {
            throw new CellarException(Problem.CHANGES, where + "not a count: " + word, error);
        } finally {
            return count;
        }
    }
}
