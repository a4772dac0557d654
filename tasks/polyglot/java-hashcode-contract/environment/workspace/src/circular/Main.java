package circular;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) throws IOException {
        Commands commands = new Commands();
        StringBuilder answers = new StringBuilder();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            if (!line.isBlank()) {
                answers.append(commands.answer(line)).append('\n');
            }
        }
        System.out.print(answers);
        System.exit(commands.failed() ? 1 : 0);
    }
}
