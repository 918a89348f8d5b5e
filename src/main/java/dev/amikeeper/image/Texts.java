package dev.amikeeper.image;

/** Text from outside: what an id looks like, and how anything is shown. */
public final class Texts {
    private static final int SHOWN = 200;

    private static final int ID = 40;

    private Texts() {}

    /** Whether this is the prefix and 1 to 40 small letters and digits, as EC2's ids are. */
    static boolean isId(String text, String prefix) {
        int length = text.length() - prefix.length();
        return text.startsWith(prefix)
                && length >= 1
                && length <= ID
                && text.chars()
                        .skip(prefix.length())
                        .allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
    }

    /** The text in quotes, as {@link #plain} shows it. */
    public static String quoted(String text) {
        return '"' + plain(text) + '"';
    }

    /**
     * The text cut after 200 characters, with every control character as {@code ?}: ASCII's and
     * those after it, invisible ones, line ends, and halves of characters.
     */
    public static String plain(String text) {
        String cut = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
        return cut.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", "?");
    }
}
