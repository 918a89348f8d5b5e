package dev.amikeeper.image;

/** How text from outside is shown: on one line, bounded, without control characters. */
public final class Texts {
    private static final int SHOWN = 200;

    private Texts() {}

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
