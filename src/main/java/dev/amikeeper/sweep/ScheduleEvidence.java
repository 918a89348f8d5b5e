package dev.amikeeper.sweep;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.DueSlots;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the images that are left tell of the ticks that had them made: how far the schedules of a
 * home Region had come. A tick deals with all policies, so an image of any of them says that every
 * slot up to its own was dealt with; those of other policies may have selected nothing. Copies tell
 * of their home Region, too. Pure.
 */
final class ScheduleEvidence {
    /** A slot begins at its time: right before it, it is still to come. */
    static final Duration BEFORE = Duration.ofSeconds(1);

    private final List<Image> found;
    private final Map<Region, Instant> dealtWith = new HashMap<>();

    /** What these images tell. */
    ScheduleEvidence(Policies policies, List<Image> found) {
        this.found = List.copyOf(found);
        for (Image image : found) {
            policies.find(image.name().policy())
                    .flatMap(Policy::schedule)
                    .filter(schedule -> isOn(schedule, image.name().slot()))
                    .ifPresent(schedule ->
                            dealtWith.merge(
                                    home(image),
                                    image.name().slot().time(),
                                    (one, other) -> one.isAfter(other) ? one : other));
        }
    }

    /** What was asked for by an event has another slot, and tells nothing of the ticks. */
    private static boolean isOn(Schedule schedule, Slot slot) {
        return schedule.slots(slot.time().minus(BEFORE), slot.time()).anyMatch(slot::equals);
    }

    /** Where the instance is. */
    private static Region home(Image image) {
        return image.home().map(ImageRef::region).orElse(image.region());
    }

    /**
     * Until when a policy's slots in a home Region were dealt with; empty if none of its images
     * from there is left: the next tick sees it for the first time.
     */
    Optional<Instant> until(Policy policy, Region region) {
        boolean known =
                found.stream()
                        .anyMatch(image ->
                                home(image).equals(region)
                                        && image.name().policy().equals(policy.name()));
        return known ? Optional.ofNullable(dealtWith.get(region)) : Optional.empty();
    }

    /**
     * The newest slot that was dealt with, if it is not older than a day: images of it may have
     * been waiting.
     */
    Optional<Slot> newest(Policy policy, Region region, Instant now) {
        Instant oldest = now.minus(DueSlots.CATCH_UP);
        return until(policy, region)
                .filter(oldest::isBefore)
                .flatMap(until ->
                        policy.schedule()
                                .flatMap(schedule ->
                                        schedule.slots(oldest, until)
                                                .reduce((one, later) -> later)));
    }

    /**
     * The instances of which there is an image of this slot or a later one, made or in the making.
     */
    Set<InstanceId> imagedSince(Policy policy, Slot slot) {
        return found.stream()
                .map(Image::name)
                .filter(name -> name.policy().equals(policy.name()))
                .filter(name -> !name.slot().time().isBefore(slot.time()))
                .map(ImageName::instance)
                .collect(Collectors.toSet());
    }
}
