package dev.amikeeper.image;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A capsule as tags of its image, which reach DR Regions and outlive the catalogue. The tags are
 * {@link ImageTags#CAPSULE} and, if one is not enough, {@code …:capsule-2} and so on.
 */
public final class CapsuleTags {
    /** The most characters that EC2 allows in a tag's value. */
    private static final int TAG_VALUE = 255;

    /**
     * The most tags that a capsule may use. An image can have 50, and most of them should be the
     * instance's own.
     */
    private static final int MOST_TAGS = 6;

    private static final String SEPARATOR = "@";

    /**
     * Writes the capsule as tags: {@link ImageTags#CAPSULE} and, if one is not enough, {@code
     * …:capsule-2} and so on. Whatever does not fit into six tags is left out: first the tags of
     * volumes and the names, then the additional network interfaces. A capsule without them still
     * restores the server.
     */
    public static Map<String, String> write(Capsule capsule) {
        List<String> words =
                CapsuleFields.inTags(capsule).entrySet().stream()
                        .map(field -> field.getKey() + "=" + escaped(field.getValue()))
                        .toList();
        StringBuilder text = new StringBuilder();
        for (String word : words) {
            if (text.length() + 1 + word.length() <= MOST_TAGS * TAG_VALUE) {
                text.append(text.isEmpty() ? "" : SEPARATOR).append(word);
            }
        }
        Map<String, String> tags = new LinkedHashMap<>();
        for (int from = 0, n = 1; from < text.length(); from += TAG_VALUE, n++) {
            tags.put(tag(n), text.substring(from, Math.min(text.length(), from + TAG_VALUE)));
        }
        return tags;
    }

    /** Reads the capsule from these tags; empty if they hold none. */
    public static Optional<Capsule> read(Map<String, String> tags) {
        String text =
                Stream.iterate(1, n -> n <= MOST_TAGS, n -> n + 1)
                        .map(n -> tags.getOrDefault(tag(n), ""))
                        .collect(Collectors.joining());
        Map<String, String> fields = new LinkedHashMap<>();
        for (String word : text.split(SEPARATOR, -1)) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                fields.put(word.substring(0, equals), unescaped(word.substring(equals + 1)));
            }
        }
        return CapsuleFields.read(fields);
    }

    private static String tag(int n) {
        return n == 1 ? ImageTags.CAPSULE : ImageTags.CAPSULE + "-" + n;
    }

    /**
     * Keeps letters, digits and some punctuation; writes every other byte of UTF-8 as {@code _} and
     * two hexadecimal digits.
     */
    private static String escaped(String value) {
        StringBuilder text = new StringBuilder();
        for (byte one : value.getBytes(StandardCharsets.UTF_8)) {
            char sign = (char) (one & 0xff);
            if (sign < 0x80 && (Character.isLetterOrDigit(sign) || "+-.:/".indexOf(sign) >= 0)) {
                text.append(sign);
            } else {
                text.append("_%02x".formatted(one & 0xff));
            }
        }
        return text.toString();
    }

    private static String unescaped(String text) {
        byte[] bytes = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            boolean isEscape =
                    text.charAt(i) == '_'
                            && i + 2 < text.length()
                            && text.substring(i + 1, i + 3).matches("[0-9a-f]{2}");
            if (isEscape) {
                bytes[length++] = (byte) Integer.parseInt(text, i + 1, i + 3, 16);
                i += 2;
            } else {
                bytes[length++] = (byte) text.charAt(i);
            }
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private CapsuleTags() {}
}
