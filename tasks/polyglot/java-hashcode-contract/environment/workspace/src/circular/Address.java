package circular;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An e-mail address: compared by the README's rules, shown as it was spelt. */
final class Address {
    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9._-]+)(\\+[A-Za-z0-9._-]*)?@([A-Za-z0-9.-]+)");

    private String spelling;
    private String mailbox;
    private String domain;

    private Address(String spelling, String mailbox, String domain) {
        this.spelling = spelling;
        this.mailbox = mailbox;
        this.domain = domain;
    }

    static Address parse(String word) throws BadCommand {
        Matcher parts = FORM.matcher(word);
        if (!parts.matches()) {
            throw new BadCommand(word + " is not an address");
        }
        return new Address(word, parts.group(1), parts.group(3));
    }

    /** Takes the place of what it was. */
    void become(Address other) {
        spelling = other.spelling;
        mailbox = other.mailbox;
        domain = other.domain;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Address that
            && mailbox.equals(that.mailbox)
            && domain.equalsIgnoreCase(that.domain);
    }

    @Override
    public int hashCode() {
        return spelling.hashCode();
    }

    @Override
    public String toString() {
        return spelling;
    }
}
