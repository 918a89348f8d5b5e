package dev.amikeeper.operate;

import java.util.List;

/** What became of an order. The texts are for people. */
public sealed interface OrderResult {
    /** The result in one line. */
    String text();

    /** The order is done, now or before. */
    record Done(String text) implements OrderResult {}

    /** Nothing was to be done. The text says what would be done. */
    record Preview(String text) implements OrderResult {}

    /** The order is not done, for each of these reasons. */
    record Declined(String text, List<String> because) implements OrderResult {
        public Declined {
            because = List.copyOf(because);
        }
    }

    /** The order is not done, for this reason. */
    static OrderResult refused(String text, String because) {
        return new Declined(text, List.of(because));
    }
}
