package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

final class WildcardTest {
    @ParameterizedTest
    @CsvSource({
        "'', '', true",
        "'', a, false",
        "*, '', true",
        "*, anything, true",
        "?, '', false",
        "?, a, true",
        "?, ab, false",
        "web, web, true",
        "web, Web, false",
        "web-*, web-, true",
        "*-web, a-web-web, true",
        "a*b*c, aXbXbXc, true",
        "a*b*c, aXcXb, false",
        "a?c*, abc, true",
        "**, a, true",
        "a.c, abc, false",
        "[a-z], a, false",
        "'a\\*', 'a\\b', true"
    })
    void matchesTheWholeText(String pattern, String text, boolean matches) {
        assertThat(Wildcard.matches(pattern, text)).isEqualTo(matches);
    }

    @Test
    void takesACharacterOutsideTheBasicPlaneForOne() {
        assertThat(Wildcard.matches("?", "😀")).isTrue();
        assertThat(Wildcard.matches("??", "😀")).isFalse();
        assertThat(Wildcard.matches("a*😀", "ab😁😀")).isTrue();
    }

    @Test
    void takesALineEndForACharacter() {
        assertThat(Wildcard.matches("a?b*", "a\nb\r\n")).isTrue();
    }

    /** Few letters, so that patterns match often enough and go astray often enough. */
    @ParameterizedTest
    @MethodSource("seeds")
    void agreesWithARegularExpression(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            String pattern = text(random, "ab*?", 7);
            String text = text(random, "ab", 10);

            assertThat(Wildcard.matches(pattern, text))
                    .as("seed %s: \"%s\" on \"%s\"", seed, pattern, text)
                    .isEqualTo(Pattern.matches(regex(pattern), text));
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 20);
    }

    private static String regex(String pattern) {
        return pattern.replace("*", ".*").replace('?', '.');
    }

    private static String text(Random random, String letters, int longest) {
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(longest + 1); left > 0; left--) {
            text.append(letters.charAt(random.nextInt(letters.length())));
        }
        return text.toString();
    }
}
