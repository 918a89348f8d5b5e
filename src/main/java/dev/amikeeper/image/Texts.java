package dev.amikeeper.image;

/** Text from outside: the form of an id, and how to show any text safely. */
public final class Texts {
    private static final int SHOWN = 200;

    private static final int ID = 40;

    private Texts() {}

    /**
     * Whether the text is the prefix followed by 1 to 40 lower-case letters and digits, as EC2's
     * ids are.
     */
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
     * Returns the text, cut after 200 characters and with {@code ?} for every control character,
     * invisible character, line or paragraph separator, and lone surrogate.
     */
    public static String plain(String text) {
        String cut = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
        return cut.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", "?");
    }
}
