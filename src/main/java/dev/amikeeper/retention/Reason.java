package dev.amikeeper.retention;

import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Period;

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
        /** The only image of its instance from which a restore passed its checks. */
        ONLY_PROVEN("only proven"),
        /** The next copy of the instance builds on its snapshots. */
        NEWEST_COPY("newest copy"),
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
        /** The tag {@code amikeeper:hold}. */
        HELD("held"),
        /** Something uses it. */
        IN_USE("in use"),
        /** It was launched from within the last days. */
        LAUNCHED("launched"),
        /** Everybody may launch it. */
        PUBLIC("public"),
        /** Not every probe could tell whether something uses it. */
        USE_UNKNOWN("use unknown"),
        /** Other accounts may launch it: it does not go by hand, but stage by stage. */
        SHARED("shared"),
        /** A copy is being made from it or waits to be. */
        COPY_SOURCE("copy source"),
        /** It is old enough to be stored in S3 for long keeping, and is not yet. */
        TO_STORE("to be stored"),
        /** EC2 reads its snapshots to store it in S3: without them that fails. */
        STORING("being stored"),
        /** It is protected from deregistration. */
        PROTECTED("protected"),
        /** Somebody enabled it again. */
        ENABLED("enabled again");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** The rule that keeps an image of each of so many periods. */
        static Kind of(Period period) {
            return switch (period) {
                case HOURLY -> HOURLY;
                case DAILY -> DAILY;
                case WEEKLY -> WEEKLY;
                case MONTHLY -> MONTHLY;
                case YEARLY -> YEARLY;
            };
        }

        /**
         * Whether it only stops the next step. The others also speak for bringing an image back
         * that is disabled already.
         */
        boolean onlyStops() {
            return switch (this) {
                case FUTURE, OTHER_TAGS, USE_UNKNOWN, PROTECTED -> true;
                case LAST,
                        HOURLY,
                        DAILY,
                        WEEKLY,
                        MONTHLY,
                        YEARLY,
                        WITHIN,
                        AT_LEAST,
                        NO_RULES,
                        ONLY_PROVEN,
                        NEWEST_COPY,
                        REQUESTED,
                        CREATING,
                        FAILED,
                        DISABLED,
                        MISSING,
                        NOT_AVAILABLE,
                        HELD,
                        IN_USE,
                        LAUNCHED,
                        PUBLIC,
                        SHARED,
                        COPY_SOURCE,
                        TO_STORE,
                        STORING,
                        ENABLED ->
                        false;
            };
        }

        /** Whether it yields when a person names the image: what is a rule, and not for safety. */
        boolean yieldsToPeople() {
            return switch (this) {
                case LAST, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY, WITHIN, NO_RULES, TO_STORE ->
                        true;
                case AT_LEAST,
                        ONLY_PROVEN,
                        NEWEST_COPY,
                        FUTURE,
                        REQUESTED,
                        CREATING,
                        FAILED,
                        DISABLED,
                        MISSING,
                        NOT_AVAILABLE,
                        OTHER_TAGS,
                        HELD,
                        IN_USE,
                        LAUNCHED,
                        PUBLIC,
                        USE_UNKNOWN,
                        SHARED,
                        COPY_SOURCE,
                        STORING,
                        PROTECTED,
                        ENABLED ->
                        false;
            };
        }

        /** The word in output. */
        public String word() {
            return word;
        }
    }
}
