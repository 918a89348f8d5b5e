package dev.amikeeper.alerts;

import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Region;

import java.util.Locale;
import java.util.Optional;

/**
 * Why copies to a Region fail, as the key of a notice has it: {@code copies/Region/key/words} once
 * people are told, {@code copy/Region/key/words} before. Pure.
 */
public record CopyCause(NoticeKey untold, NoticeKey told) {

    private static final int WORDS = 80;

    /**
     * The cause.
     *
     * @param key with which the copies are encrypted; empty: as their originals
     * @param why as EC2 says it; ids and numbers in it do not make it another cause
     */
    public static CopyCause of(Region region, Optional<String> key, String why) {
        NoticeKey untold = Trouble.COPY.in(region, word(key) + "/" + words(why));
        return new CopyCause(untold, untold.as(Trouble.COPIES));
    }

    /** How a KMS key, or none, stands in the keys of notices. */
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
