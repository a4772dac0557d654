package cellar;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The right to write a register: the file beside it that only one can create. */
final class Lock implements AutoCloseable {
    private final Path register;
    private final Path file;

    private Lock(Path register, Path file) {
        this.register = register;
        this.file = file;
    }

    static Lock take(Path register) throws CellarException {
        Path file = Path.of(register + ".lock");
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException error) {
            throw new CellarException(Problem.LOCKED, register + " is locked", error);
        } catch (IOException error) {
            throw new CellarException(Problem.FILE, "can't write " + register, error);
        }
        return new Lock(register, file);
    }

    @Override
    public void close() throws CellarException {
        try {
            Files.deleteIfExists(file);
        } catch (IOException error) {
            throw new CellarException(Problem.FILE, "can't write " + register, error);
        }
    }
}
