package dev.amikeeper.policy;

import dev.amikeeper.image.Texts;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Guesses which word the user meant. */
final class Nearest {
    private static final int LONGEST = 100;

    private Nearest() {}

    /** Returns the hint for an error: the word that was probably meant, or else all valid words. */
    static String hint(String written, Collection<String> words) {
        return of(written, words)
                .map(word -> "did you mean " + Texts.quoted(word) + "?")
                .orElseGet(() -> "write one of " + String.join(", ", words));
    }

    /** Returns the closest word; empty if more than about a third of its letters differ. */
    static Optional<String> of(String written, Collection<String> words) {
        if (written.length() > LONGEST) {
            return Optional.empty();
        }
        String lower = written.toLowerCase(Locale.ROOT);
        return words.stream()
                .map(word -> new Guess(word, distance(lower, word.toLowerCase(Locale.ROOT))))
                .filter(guess -> guess.distance() <= Math.max(1, (guess.word().length() + 1) / 3))
                .min(Comparator.comparingInt(Guess::distance).thenComparing(Guess::word))
                .map(Guess::word);
    }

    /** The number of letters to add, drop or change (the Levenshtein distance). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int f = 1; f <= from.length(); f++) {
            int diagonal = row[0];
            row[0] = f;
            for (int t = 1; t <= to.length(); t++) {
                int changed = diagonal + (from.charAt(f - 1) == to.charAt(t - 1) ? 0 : 1);
                diagonal = row[t];
                row[t] = Math.min(changed, Math.min(row[t], row[t - 1]) + 1);
            }
        }
        return row[to.length()];
    }

    private record Guess(String word, int distance) {}
}
