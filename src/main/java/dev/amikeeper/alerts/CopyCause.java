package dev.amikeeper.alerts;

import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Region;

import java.util.Locale;
import java.util.Optional;

/**
 * Why copies to a Region fail, as it appears in a notice's key: {@code copies/Region/key/words}
 * once people are told, {@code copy/Region/key/words} before. Pure.
 */
public record CopyCause(NoticeKey untold, NoticeKey told) {

    private static final int WORDS = 80;

    /**
     * Returns the cause.
     *
     * @param key the KMS key that encrypts the copies; if empty, they are encrypted like their
     *     originals
     * @param why EC2's message; ids and numbers in it do not make it a different cause
     */
    public static CopyCause of(Region region, Optional<String> key, String why) {
        NoticeKey untold = Trouble.COPY.in(region, word(key) + "/" + words(why));
        return new CopyCause(untold, untold.as(Trouble.COPIES));
    }

    /** How a KMS key, or its absence, appears in the keys of notices. */
    static String word(Optional<String> key) {
        return key.map(name -> words(name.substring(name.lastIndexOf(':') + 1))).orElse("-");
    }

    private static String words(String text) {
        String plain =
                text.replaceAll("\\b(ami|snap|vol|i)-[0-9a-f]+|[0-9]{4,}|[0-9a-f-]{36}", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9]+", "-")
                        .replaceAll("^-|-$", "");
        return plain.length() <= WORDS ? plain : plain.substring(0, WORDS);
    }
}
