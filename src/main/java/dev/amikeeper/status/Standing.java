package dev.amikeeper.status;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/**
 * How well one instance is covered by one policy in one Region.
 *
 * @param region where the image should be: the instance's own Region or a DR Region
 * @param newest the newest usable image there
 * @param exposed how much would be lost now: the age of that image or, without one, of the instance
 * @param next the next slot of the schedule
 * @param breach when the objective will be missed, or was; empty without an objective
 * @param remark what is wrong or under way; empty if there is nothing to say
 */
public record Standing(
        Level level,
        String policy,
        LivingInstance server,
        Region region,
        Optional<Image> newest,
        Duration exposed,
        Optional<Slot> next,
        Optional<Instant> breach,
        String remark) {
    static final Comparator<Standing> WORST_FIRST =
            Comparator.comparing(Standing::level)
                    .thenComparing(it -> it.breach().orElse(Instant.MAX))
                    .thenComparing(it -> it.server().instance().id().value())
                    .thenComparing(Standing::policy)
                    .thenComparing(Standing::region);

    /** How well the instance is covered, the worst first. */
    public enum Level {
        /** The objective is missed. */
        LATE,
        /** A slot has passed and its image is not usable yet, but there is still time. */
        DUE,
        /** There is no image yet, and none is due. */
        NEW,
        /** The policy has no schedule, so there is no objective. */
        EVENTS,
        /** The newest slot has its image. */
        GOOD
    }

    /** Whether there is an image to restore from that is as new as the policy promises. */
    public boolean isProtected() {
        return level != Level.LATE && newest.isPresent();
    }
}
