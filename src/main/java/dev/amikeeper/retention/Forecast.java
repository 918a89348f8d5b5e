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

/** Until when the rules keep an image, if every slot of its policy's schedule yields an image. */
public final class Forecast {
    /** How far it looks ahead. */
    public static final Duration HORIZON = Duration.ofDays(3 * 366);

    /** Slots closer together than this are too many to be looked through. */
    private static final int SLOTS = 10_000;

    private Forecast() {}

    /**
     * The slot with which no rule keeps the image any more.
     *
     * @param good the good images of its instance in its Region, it among them
     * @return empty if the rules keep it for longer than one can look ahead
     */
    public static Optional<Instant> dropped(
            Keep keep, Schedule schedule, List<Image> good, Image image, Instant now) {
        List<Slot> slots = schedule.slots(now, now.plus(HORIZON)).limit(SLOTS).toList();
        int kept = 0;
        int dropped = slots.size();
        if (isKept(keep, good, image, slots)) {
            return Optional.empty();
        }
        // An image that newer ones pushed out stays out: so the slot can be found by halving.
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
