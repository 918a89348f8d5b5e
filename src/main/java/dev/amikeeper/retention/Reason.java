package dev.amikeeper.retention;

import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Period;

/** Why an image stays: a kind to count by, and a text for the operator. */
public record Reason(ReasonKind kind, String text) {
    /** How much a reason weighs. */
    private enum Strength {
        /** Somebody's rule: it yields when a person names the image. */
        RULE,
        /** The image is needed, or nobody knows: it stays, and comes back if it is disabled. */
        SAFETY,
        /** Only the next step is stopped: it is no reason to bring an image back. */
        STOP
    }

    /** The kinds of reasons: first the rules, in the words of the policy file, then the rest. */
    public enum ReasonKind {
        /** Rule {@code last}. */
        LAST("last", Strength.RULE),
        /** Rule {@code hourly}. */
        HOURLY(Period.HOURLY.word(), Strength.RULE),
        /** Rule {@code daily}. */
        DAILY(Period.DAILY.word(), Strength.RULE),
        /** Rule {@code weekly}. */
        WEEKLY(Period.WEEKLY.word(), Strength.RULE),
        /** Rule {@code monthly}. */
        MONTHLY(Period.MONTHLY.word(), Strength.RULE),
        /** Rule {@code yearly}. */
        YEARLY(Period.YEARLY.word(), Strength.RULE),
        /** Rule {@code within}. */
        WITHIN("within", Strength.RULE),
        /** Rule {@code atLeast}. */
        AT_LEAST("atLeast", Strength.SAFETY),
        /** The policy has no {@link Keep}: nothing is ever removed. */
        NO_RULES("no rules", Strength.RULE),
        /** The only image of its instance from which a restore passed its checks. */
        ONLY_PROVEN("only proven", Strength.SAFETY),
        /** The next copy of the instance builds on its snapshots. */
        NEWEST_COPY("newest copy", Strength.SAFETY),
        /** Its slot lies in the future: some clock is wrong. */
        FUTURE("future", Strength.STOP),
        /** Not started yet. */
        REQUESTED("requested", Strength.SAFETY),
        /** EC2 is at work on it. */
        CREATING("creating", Strength.SAFETY),
        /** Given up. */
        FAILED("failed", Strength.SAFETY),
        /** Somebody disabled it. */
        DISABLED("disabled", Strength.SAFETY),
        /** EC2 does not show it. */
        MISSING("missing", Strength.SAFETY),
        /** EC2 shows it in some other state that nobody can launch from. */
        NOT_AVAILABLE("not available", Strength.SAFETY),
        /** Its tags in EC2 do not say what its record says: one key does not fit. */
        OTHER_TAGS("other tags", Strength.STOP),
        /** The tag {@code amikeeper:hold}. */
        HELD("held", Strength.SAFETY),
        /** Something uses it. */
        IN_USE("in use", Strength.SAFETY),
        /** It was launched from within the last days. */
        LAUNCHED("launched", Strength.SAFETY),
        /** Everybody may launch it. */
        PUBLIC("public", Strength.SAFETY),
        /** Not every probe could tell whether something uses it. */
        USE_UNKNOWN("use unknown", Strength.STOP),
        /** Other accounts may launch it: it does not go by hand, but stage by stage. */
        SHARED("shared", Strength.SAFETY),
        /** A copy is being made from it or waits to be. */
        COPY_SOURCE("copy source", Strength.SAFETY),
        /** It is old enough to be stored in S3 for long keeping, and is not yet. */
        TO_STORE("to be stored", Strength.RULE),
        /** EC2 reads its snapshots to store it in S3: without them that fails. */
        STORING("being stored", Strength.SAFETY),
        /** It is protected from deregistration. */
        PROTECTED("protected", Strength.STOP),
        /** Somebody enabled it again. */
        ENABLED("enabled again", Strength.SAFETY);

        private final String word;
        private final Strength strength;

        ReasonKind(String word, Strength strength) {
            this.word = word;
            this.strength = strength;
        }

        /** The rule that keeps an image of each of so many periods. */
        static ReasonKind of(Period period) {
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
            return strength == Strength.STOP;
        }

        /** Whether it yields when a person names the image: what is a rule, and not for safety. */
        boolean yieldsToPeople() {
            return strength == Strength.RULE;
        }

        /** The word in output. */
        public String word() {
            return word;
        }
    }
}
