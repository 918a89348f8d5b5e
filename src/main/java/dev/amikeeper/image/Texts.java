package dev.amikeeper.image;

/** How text from outside is shown: on one line, bounded, without control characters. */
public final class Texts {
    private static final int SHOWN = 200;

    private Texts() {}

    /** The text in quotes, as {@link #plain} shows it. */
    public static String quoted(String text) {
        return '"' + plain(text) + '"';
    }

    /** The text with every control character as {@code ?}, cut after 200 characters. */
    public static String plain(String text) {
        String cut = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
        return cut.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "?");
    }
}
