package dev.amikeeper.operate;

import java.util.List;

/** What became of an order; the texts are for people. */
public sealed interface OrderResult {
    /** In one line. */
    String text();

    /** It is done, now or before. */
    record Done(String text) implements OrderResult {}

    /** Nothing was to be done: this is what would be. */
    record Preview(String text) implements OrderResult {}

    /** It is not done, for each of these reasons. */
    record Declined(String text, List<String> because) implements OrderResult {
        public Declined {
            because = List.copyOf(because);
        }
    }

    /** It is not done, for this reason. */
    static OrderResult refused(String text, String because) {
        return new Declined(text, List.of(because));
    }
}
