package circular;

import java.util.List;

/** Transcripts: lines that begin with "> " are commands, the others the answers to them. */
public final class CircularTest {
    private static int failed;

    public static void main(String[] arguments) {
        test("members stand in the order of joining", """
            > join news zoe@example.org
            joined
            > join news ann@example.org
            joined
            > who news
            zoe@example.org ann@example.org
            > leave news zoe@example.org
            left
            > leave news zoe@example.org
            not there
            > who news
            ann@example.org
            """);
        test("an address joins once, however it is spelt", """
            > join news ann@example.org
            joined
            > join news ann@Example.ORG
            there as ann@example.org
            > join news ann+lists@example.org
            there as ann@example.org
            > join news Ann@example.org
            joined
            """);
        test("a letter goes to an address once", """
            > join news ann@example.org
            joined
            > join offers ann@EXAMPLE.org
            joined
            > join offers bob@example.org
            joined
            > send news offers
            2 letters: ann@example.org bob@example.org
            """);
        test("who moves keeps the place", """
            > join news ann@example.org
            joined
            > join news bob@example.org
            joined
            > move ann@example.org ann@example.com
            moved in 1
            > who news
            ann@example.com bob@example.org
            """);
        test("who moved can leave", """
            > join news ann@example.org
            joined
            > move ann@example.org ann@example.com
            moved in 1
            > leave news ann@example.com
            left
            > who news
            nobody
            """);
        test("the third bounce removes", """
            > join news ann@example.org
            joined
            > bounce ann@example.org
            bounce 1
            > bounce ann@example.org
            bounce 2
            > bounce ann@example.org
            removed from 1
            > who news
            nobody
            """);
        test("errors are answers", """
            > hello
            error: what is hello
            > join News ann@example.org
            error: News is not a list
            > join news ann
            error: ann is not an address
            """);
        System.exit(failed == 0 ? 0 : 1);
    }

    private static void test(String name, String transcript) {
        List<String> lines = transcript.lines().toList();
        List<String> given = lines.stream().filter(line -> line.startsWith("> ")).map(line -> line.substring(2)).toList();
        List<String> wanted = lines.stream().filter(line -> !line.startsWith("> ")).toList();
        Commands commands = new Commands();
        List<String> actual = given.stream().map(commands::answer).toList();
        if (actual.equals(wanted)) {
            System.out.println("ok      " + name);
        } else {
            failed++;
            System.out.println("FAILED  " + name + ": expected " + wanted + ", got " + actual);
        }
    }
}
