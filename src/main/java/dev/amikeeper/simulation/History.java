package dev.amikeeper.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Everything that a simulation plays, as plain data, so that it can be played again, whole or in
 * part.
 *
 * @param seed decides the ids in the cloud and how events and functions overtake each other, and
 *     nothing else
 * @param steps in order of time
 */
public record History(
        long seed,
        Instant start,
        int days,
        Conditions conditions,
        List<PolicyModel> policies,
        List<TimedHappening> steps) {
    public History {
        policies = List.copyOf(policies);
        steps = List.copyOf(steps);
    }

    /** Something that happens at a time after the start. */
    public record TimedHappening(Duration at, Happening what) {
        @Override
        public String toString() {
            return "day %2d %02d:%02d  %s"
                    .formatted(at.toDays(), at.toHoursPart(), at.toMinutesPart(), what.words());
        }
    }

    /**
     * What the cloud is like.
     *
     * @param hiddenCalls how many reads miss a new image
     * @param throttling whether EC2's token buckets apply
     * @param sideBySide whether functions run while others do, each with calls side by side
     */
    public record Conditions(
            Duration imageTime,
            Duration copyTime,
            int hiddenCalls,
            boolean throttling,
            Duration ec2Clock,
            Duration eventClock,
            Duration functionClock,
            boolean sideBySide) {
        /** The usual conditions. */
        static final Conditions PLAIN =
                new Conditions(
                        Duration.ofMinutes(5),
                        Duration.ofMinutes(15),
                        0,
                        false,
                        Duration.ZERO,
                        Duration.ZERO,
                        Duration.ZERO,
                        false);

        /** The same conditions, but for this. */
        Conditions sideBySide(boolean runs) {
            return new Conditions(
                    imageTime,
                    copyTime,
                    hiddenCalls,
                    throttling,
                    ec2Clock,
                    eventClock,
                    functionClock,
                    runs);
        }

        /** The same conditions, but for this. */
        Conditions throttling(boolean applies) {
            return new Conditions(
                    imageTime,
                    copyTime,
                    hiddenCalls,
                    applies,
                    ec2Clock,
                    eventClock,
                    functionClock,
                    sideBySide);
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            text.append("images take ").append(PolicyModel.words(imageTime));
            text.append(", copies ").append(PolicyModel.words(copyTime));
            if (hiddenCalls > 0) {
                text.append("; the first ").append(hiddenCalls).append(" reads miss a new image");
            }
            if (throttling) {
                text.append("; EC2 throttles");
            }
            clock(text, "EC2's", ec2Clock);
            clock(text, "the events'", eventClock);
            clock(text, "the functions'", functionClock);
            if (sideBySide) {
                text.append("; functions run side by side");
            }
            return text.toString();
        }

        private static void clock(StringBuilder text, String whose, Duration ahead) {
            if (!ahead.isZero()) {
                text.append(
                        "; %s clock is %d s %s"
                                .formatted(
                                        whose,
                                        Math.abs(ahead.toSeconds()),
                                        ahead.isNegative() ? "behind" : "ahead"));
            }
        }
    }

    History with(List<TimedHappening> others) {
        return new History(seed, start, days, conditions, policies, others);
    }

    History lasting(int others) {
        return new History(seed, start, others, conditions, policies, steps);
    }

    History in(Conditions others) {
        return new History(seed, start, days, others, policies, steps);
    }

    History under(List<PolicyModel> others) {
        return new History(seed, start, days, conditions, others, steps);
    }

    /** Readable by a person. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append("seed %d, %d days from %s; %s\n".formatted(seed, days, start, conditions));
        text.append(PolicyModel.yaml(policies).indent(4));
        steps.forEach(step -> text.append("  ").append(step).append('\n'));
        return text.toString();
    }
}
