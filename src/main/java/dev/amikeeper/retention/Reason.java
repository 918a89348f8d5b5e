package dev.amikeeper.retention;

import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Period;

/** Why an image stays: a kind to count by, and a text for the operator. */
public record Reason(ReasonKind kind, String text) {
    /** How much a reason weighs. */
    private enum Strength {
        /** Somebody's rule. It yields when a person names the image. */
        RULE,
        /**
         * The image is needed, or nobody knows whether it is. It stays, and comes back if it is
         * disabled.
         */
        SAFETY,
        /** Only the next step is stopped. This is no reason to bring an image back. */
        STOP
    }

    /**
     * The kinds of reasons: first the rules, by their names in the policy file, then the others.
     */
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
        /** It is the only image of its instance from which a restore passed its checks. */
        ONLY_PROVEN("only proven", Strength.SAFETY),
        /** The next copy of the instance builds on its snapshots. */
        NEWEST_COPY("newest copy", Strength.SAFETY),
        /** Its slot is in the future, so some clock is wrong. */
        FUTURE("future", Strength.STOP),
        /** It has not been started yet. */
        REQUESTED("requested", Strength.SAFETY),
        /** EC2 is creating it. */
        CREATING("creating", Strength.SAFETY),
        /** AMI Keeper gave it up. */
        FAILED("failed", Strength.SAFETY),
        /** Somebody disabled it. */
        DISABLED("disabled", Strength.SAFETY),
        /** EC2 does not show it. */
        MISSING("missing", Strength.SAFETY),
        /** EC2 shows it in another state from which nobody can launch. */
        NOT_AVAILABLE("not available", Strength.SAFETY),
        /** Its tags in EC2 disagree with its record, so one of the two keys does not fit. */
        OTHER_TAGS("other tags", Strength.STOP),
        /** It has the tag {@code amikeeper:hold}. */
        HELD("held", Strength.SAFETY),
        /** Something uses it. */
        IN_USE("in use", Strength.SAFETY),
        /** An instance was launched from it within the last few days. */
        LAUNCHED("launched", Strength.SAFETY),
        /** Anybody may launch it. */
        PUBLIC("public", Strength.SAFETY),
        /** Not every probe could tell whether something uses it. */
        USE_UNKNOWN("use unknown", Strength.STOP),
        /** Other accounts may launch it. It is not removed by hand, but stage by stage. */
        SHARED("shared", Strength.SAFETY),
        /** A copy of it is being made or waits to be made. */
        COPY_SOURCE("copy source", Strength.SAFETY),
        /** It is old enough to be stored in S3 for long keeping, but has not been stored yet. */
        TO_STORE("to be stored", Strength.RULE),
        /** EC2 is reading its snapshots to store it in S3, which fails without them. */
        STORING("being stored", Strength.SAFETY),
        /** It has deregistration protection. */
        PROTECTED("protected", Strength.STOP),
        /** Somebody enabled it again. */
        ENABLED("enabled again", Strength.SAFETY);

        private final String word;
        private final Strength strength;

        ReasonKind(String word, Strength strength) {
            this.word = word;
            this.strength = strength;
        }

        /** The kind of rule that keeps one image for each of a number of these periods. */
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
         * Whether it only stops the next step. The other reasons also call for bringing back an
         * image that is already disabled.
         */
        boolean onlyStops() {
            return strength == Strength.STOP;
        }

        /** Whether it yields when a person names the image. Rules do; safety checks do not. */
        boolean yieldsToPeople() {
            return strength == Strength.RULE;
        }

        /** The word for this kind in output. */
        public String word() {
            return word;
        }
    }
}
