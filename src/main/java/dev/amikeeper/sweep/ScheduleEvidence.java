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
 * What the remaining images tell about the ticks that requested them: how far the schedules of a
 * home Region had come. A tick deals with all policies, so an image of any policy proves that every
 * slot up to its own was dealt with; the other policies may have selected nothing. Copies also tell
 * about their home Region. Pure.
 */
final class ScheduleEvidence {
    /** A slot begins at its time. Just before that time, it is still to come. */
    static final Duration BEFORE = Duration.ofSeconds(1);

    private final List<Image> found;
    private final Map<Region, Instant> dealtWith = new HashMap<>();

    /** Creates the evidence from these images. */
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

    /**
     * An image that was requested by an event has a slot that is not on the schedule, and tells
     * nothing about the ticks.
     */
    private static boolean isOn(Schedule schedule, Slot slot) {
        return schedule.slots(slot.time().minus(BEFORE), slot.time()).anyMatch(slot::equals);
    }

    /** Where the instance is. */
    private static Region home(Image image) {
        return image.home().map(ImageRef::region).orElse(image.region());
    }

    /**
     * The time up to which a policy's slots in a home Region were dealt with; empty if none of its
     * images from there is left, in which case the next tick sees it for the first time.
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
     * The newest slot that was dealt with, if it is at most a day old: some of its images may have
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

    /** The instances that have an image of this slot or a later one, finished or in progress. */
    Set<InstanceId> imagedSince(Policy policy, Slot slot) {
        return found.stream()
                .map(Image::name)
                .filter(name -> name.policy().equals(policy.name()))
                .filter(name -> !name.slot().time().isBefore(slot.time()))
                .map(ImageName::instance)
                .collect(Collectors.toSet());
    }
}
