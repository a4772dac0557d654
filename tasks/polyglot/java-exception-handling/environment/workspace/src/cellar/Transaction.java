package cellar;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file of changes, applied to a register as a whole or not at all. */
final class Transaction {
    private Transaction() {
    }

    /** Returns the number of changes. */
    static int apply(Path path, Path source) throws CellarException {
        List<Change> changes = ChangeFile.read(source);
        Lock lock = Lock.take(path);
        try {
            Register register = Files.exists(path) ? Register.load(path) : new Register();
            for (Change change : changes) {
                change.applyTo(register, source.toString());
            }
            register.save(path);
        } catch (Exception error) {
            throw new CellarException(Problem.FILE, "can't write " + path, error);
        }
        lock.close();
        return changes.size();
    }
}
