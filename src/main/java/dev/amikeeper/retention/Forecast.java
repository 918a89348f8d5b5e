package dev.amikeeper.retention;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Predicts how long the rules keep an image if every slot of its policy's schedule yields an image.
 */
public final class Forecast {
    /** How far ahead it looks. */
    public static final Duration HORIZON = Duration.ofDays(3 * 366);

    /** The largest number of slots that it looks at; with more, they are too close together. */
    private static final int SLOTS = 10_000;

    private Forecast() {}

    /**
     * The slot at which no rule keeps the image any longer.
     *
     * @param good the good images of its instance in its Region, including the image itself
     * @return empty if the rules keep it beyond the horizon
     */
    public static Optional<Instant> dropped(
            Keep keep, Schedule schedule, List<Image> good, Image image, Instant now) {
        List<Slot> slots = schedule.slots(now, now.plus(HORIZON)).limit(SLOTS).toList();
        int kept = 0;
        int dropped = slots.size();
        if (isKept(keep, good, image, slots)) {
            return Optional.empty();
        }
        // Once newer images push an image out, it stays out, so a binary search finds the slot.
        while (dropped - kept > 1) {
            int middle = (kept + dropped) / 2;
            if (isKept(keep, good, image, slots.subList(0, middle))) {
                kept = middle;
            } else {
                dropped = middle;
            }
        }
        return dropped == 0 ? Optional.of(now) : Optional.of(slots.get(dropped - 1).time());
    }

    private static boolean isKept(Keep keep, List<Image> good, Image image, List<Slot> slots) {
        List<Image> all = new ArrayList<>(good);
        ImageName name = image.name();
        for (Slot slot : slots) {
            ImageName next = new ImageName(name.policy(), name.instance(), slot);
            all.add(Image.intent(next, image.region(), image.provenance().trigger(), slot.time()));
        }
        List<Reason> reasons = Retention.judge(keep, all).get(image);
        return reasons != null && !reasons.isEmpty();
    }
}
