package dev.amikeeper.image;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A capsule as tags of its image, which reach DR Regions and outlive the catalogue: {@link
 * ImageTags#CAPSULE} and, for more than one tag holds, {@code …:capsule-2} and so on.
 */
public final class CapsuleTags {
    /** Each tag holds so many characters at most, as EC2 does. */
    private static final int TAG_VALUE = 255;

    /** So many tags at most: the image has 50, and they are the instance's rather than ours. */
    private static final int MOST_TAGS = 6;

    private static final String SEPARATOR = "@";

    /**
     * The capsule as tags, {@link ImageTags#CAPSULE} and, for more than one tag holds, {@code
     * …:capsule-2} and so on. What does not fit into six tags is left out, tags of volumes and
     * names first and then the further network interfaces: a capsule without them restores the
     * server, too.
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

    /** The capsule that these tags hold; empty if they hold none. */
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

    /** Letters, digits and some signs stay; other bytes of UTF-8 are {@code _} and two digits. */
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
