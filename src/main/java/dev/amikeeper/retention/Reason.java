package dev.amikeeper.retention;

import dev.amikeeper.policy.Keep;

/** Why an image stays: a kind to count by, and a text for the operator. */
public record Reason(Kind kind, String text) {
    /** The kinds of reasons: first the rules, in the words of the policy file, then the rest. */
    public enum Kind {
        /** Rule {@code last}. */
        LAST("last"),
        /** Rule {@code hourly}. */
        HOURLY("hourly"),
        /** Rule {@code daily}. */
        DAILY("daily"),
        /** Rule {@code weekly}. */
        WEEKLY("weekly"),
        /** Rule {@code monthly}. */
        MONTHLY("monthly"),
        /** Rule {@code yearly}. */
        YEARLY("yearly"),
        /** Rule {@code within}. */
        WITHIN("within"),
        /** Rule {@code atLeast}. */
        AT_LEAST("atLeast"),
        /** The policy has no {@link Keep}: nothing is ever removed. */
        NO_RULES("no rules"),
        /** The policy asks for stages before removal, which are not carried out yet. */
        STAGES("retire (not yet carried out)"),
        /** Its slot lies in the future: some clock is wrong. */
        FUTURE("future"),
        /** Not started yet. */
        REQUESTED("requested"),
        /** EC2 is at work on it. */
        CREATING("creating"),
        /** Given up. */
        FAILED("failed"),
        /** Somebody disabled it. */
        DISABLED("disabled"),
        /** EC2 does not show it. */
        MISSING("missing"),
        /** EC2 shows it in some other state that nobody can launch from. */
        NOT_AVAILABLE("not available"),
        /** Its tags in EC2 do not say what its record says: one key does not fit. */
        OTHER_TAGS("other tags"),
        /** The record was itself made from tags, so there is one key only. */
        ADOPTED("adopted"),
        /** The tag {@code amikeeper:hold}. */
        HELD("held"),
        /** Something uses it. */
        IN_USE("in use"),
        /** Not every probe could tell whether something uses it. */
        USE_UNKNOWN("use unknown"),
        /** A copy is being made from it or waits to be. */
        COPY_SOURCE("copy source"),
        /** The run would remove more than the policy's limits allow. */
        BREAKER("over the limits");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** The word in output. */
        public String word() {
            return word;
        }
    }
}
