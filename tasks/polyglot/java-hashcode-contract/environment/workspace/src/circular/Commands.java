package circular;

import java.util.List;

/** Lines in, answers out. */
final class Commands {
    private final Office office = new Office();
    private boolean failed;

    /** Whether a line could not be carried out. */
    boolean failed() {
        return failed;
    }

    /** The answer to a line that is not blank. */
    String answer(String line) {
        try {
            return carryOut(line, List.of(line.strip().split(" +")));
        } catch (BadCommand error) {
            failed = true;
            return "error: " + error.getMessage();
        }
    }

    private String carryOut(String line, List<String> words) throws BadCommand {
        String command = words.get(0);
        if (command.equals("send") && words.size() >= 2) {
            for (String word : words.subList(1, words.size())) {
                list(word);
            }
            return office.send(words.subList(1, words.size()));
        }
        return switch (command + " " + (words.size() - 1)) {
            case "join 2" -> office.join(list(words.get(1)), Address.parse(words.get(2)));
            case "leave 2" -> office.leave(list(words.get(1)), Address.parse(words.get(2)));
            case "who 1" -> office.who(list(words.get(1)));
            case "move 2" -> office.move(Address.parse(words.get(1)), Address.parse(words.get(2)));
            case "bounce 1" -> office.bounce(Address.parse(words.get(1)));
            default -> throw new BadCommand("what is " + line);
        };
    }

    private static String list(String word) throws BadCommand {
        if (!word.matches("[a-z]+")) {
            throw new BadCommand(word + " is not a list");
        }
        return word;
    }
}
