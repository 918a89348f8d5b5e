package dev.amikeeper.image;

/** Patterns of policy files: {@code *} stands for any text, {@code ?} for one character. */
public final class Wildcard {
    private Wildcard() {}

    /** Whether the whole text matches the pattern. It takes linear space and does not recurse. */
    public static boolean matches(String pattern, String text) {
        return matches(pattern.codePoints().toArray(), text.codePoints().toArray());
    }

    private static boolean matches(int[] pattern, int[] text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int mark = 0;
        while (t < text.length) {
            if (p < pattern.length && pattern[p] == '*') {
                star = p++;
                mark = t;
            } else if (p < pattern.length && (pattern[p] == '?' || pattern[p] == text[t])) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++mark;
            } else {
                return false;
            }
        }
        while (p < pattern.length && pattern[p] == '*') {
            p++;
        }
        return p == pattern.length;
    }
}
