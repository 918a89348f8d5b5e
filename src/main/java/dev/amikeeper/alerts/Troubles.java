package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Stored;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * Decides which open troubles are over, given the known facts about a Region. A trouble stays open
 * as long as the facts it depends on are unknown. A trouble that this version does not know stays
 * open, too.
 *
 * <table>
 * <caption>The kinds of troubles, and when they are over</caption>
 * <tr><th>key</th><th>over when</th></tr>
 * <tr><td>failed/Region/name</td><td>the image was made after all, a newer one of the instance is usable, or the record is gone</td></tr>
 * <tr><td>share/Region/policy</td><td>the policy no longer shares anything, or no usable image of it there waits for another attempt</td></tr>
 * <tr><td>share/Region/name, written by earlier versions</td><td>the image is shared or gone</td></tr>
 * <tr><td>store/Region/name</td><td>the image is stored in S3 or gone</td></tr>
 * <tr><td>shared/Region/name</td><td>the image is disabled, which drops its permissions, or gone</td></tr>
 * <tr><td>pending/Region/name</td><td>EC2 is no longer working on it</td></tr>
 * <tr><td>waiting/Region/name</td><td>it no longer waits for its start</td></tr>
 * <tr><td>left/Region/name, refused/Region/name</td><td>the record is gone, or no step is half done any more</td></tr>
 * <tr><td>litter/Region/ami, foreign/Region/ami or name, beyond/Region/ami or name</td><td>EC2 no longer lists such an image</td></tr>
 * <tr><td>orphan/Region/name</td><td>EC2 no longer lists snapshots of it without an image</td></tr>
 * <tr><td>unread/Region/policy</td><td>the schedule's cursor has moved since, or there is no such schedule any more</td></tr>
 * <tr><td>blocked/Region/cause</td><td>the Region was read, no tick has stopped there since, and nothing that is due waits there</td></tr>
 * <tr><td>copy/Region/key/words, copies/Region/key/words</td><td>a copy with that key has succeeded since, or no policy uses that key there any more</td></tr>
 * <tr><td>former/Region/policy</td><td>there is no image left, or the policy names the Region or says that its rules apply there</td></tr>
 * <tr><td>stopped/Region</td><td>nothing that is due waits there</td></tr>
 * <tr><td>copied-lease/Region/hash</td><td>no instance there has that copied tag any more</td></tr>
 * <tr><td>unswept/Region</td><td>the Region was read</td></tr>
 * </table>
 */
public final class Troubles {
    /**
     * The known facts about a Region. Whatever is empty is unknown.
     *
     * @param records the records by policy and name, for policies that were read
     * @param copiedLeases the keys of the troubles about copied leases that still exist
     * @param policies the contents of the policy file
     */
    public record Facts(
            Region region,
            Map<String, Map<ImageName, Image>> records,
            Optional<RegionListing> listing,
            Optional<RegionProgress> progress,
            Optional<Set<NoticeKey>> copiedLeases,
            Optional<Policies> policies) {
        public Facts {
            records = Map.copyOf(records);
            copiedLeases = copiedLeases.map(Set::copyOf);
        }
    }

    /**
     * What EC2 lists in a Region.
     *
     * @param images the names of all of AMI Keeper's images, by id, in any state
     * @param orphans the images whose snapshots are listed although no image has them; empty if
     *     snapshots were not listed
     */
    public record RegionListing(Map<ImageId, String> images, Optional<Set<ImageName>> orphans) {
        public RegionListing {
            images = Map.copyOf(images);
            orphans = orphans.map(Set::copyOf);
        }
    }

    /**
     * The progress of a Region's work.
     *
     * @param cursors the positions of the schedules, by policy, for policies with a schedule here
     * @param waiting whether something that is due waits there
     */
    public record RegionProgress(Map<String, Instant> cursors, boolean waiting) {
        public RegionProgress {
            cursors = Map.copyOf(cursors);
        }
    }

    private Troubles() {}

    /** Returns those of the open troubles that are over according to these facts. */
    public static List<Notice> over(Collection<Notice> open, Facts facts) {
        return open.stream()
                .filter(Notice::isOpen)
                .filter(notice -> isOver(notice, facts))
                .toList();
    }

    private static boolean isOver(Notice notice, Facts facts) {
        return notice.about().isIn(facts.region())
                && notice.about()
                        .trouble()
                        .filter(trouble -> isOver(trouble, notice, facts))
                        .isPresent();
    }

    private static boolean isOver(Trouble trouble, Notice notice, Facts facts) {
        String what = notice.about().what().orElse("");
        return switch (trouble) {
            case FAILED ->
                    record(what, facts, (image, all) -> isMade(image) || isMadeUpFor(image, all));
            case SHARE ->
                    ImageName.parse(what).isPresent()
                            ? record(
                                    what, facts, (image, _) -> image.shared() || isWithdrawn(image))
                            : facts.policies().map(all -> isShared(what, facts, all)).orElse(false);
            case STORE -> record(what, facts, (image, _) -> isStored(image));
            case SHARED -> record(what, facts, (image, _) -> isWithdrawn(image));
            case PENDING -> record(what, facts, (image, _) -> image.state() != ImageState.CREATING);
            case WAITING ->
                    record(what, facts, (image, _) -> image.state() != ImageState.REQUESTED);
            case LEFT, REFUSED -> record(what, facts, (image, _) -> !isHalfDone(image));
            case LITTER, FOREIGN, BEYOND ->
                    facts.listing().map(all -> !isListed(what, all.images())).orElse(false);
            case ORPHAN ->
                    facts.listing()
                            .flatMap(RegionListing::orphans)
                            .map(orphans ->
                                    ImageName.parse(what).filter(orphans::contains).isEmpty())
                            .orElse(false);
            case UNREAD ->
                    facts.progress()
                            .map(all -> hasMoved(notice, what, all.cursors()))
                            .orElse(false);
            case FORMER -> facts.policies().map(all -> hasNoFormer(what, facts, all)).orElse(false);
            case COPY, COPIES ->
                    facts.policies()
                            .map(all -> copiesSucceed(notice, what, facts, all))
                            .orElse(false);
            case STOPPED -> facts.progress().map(all -> !all.waiting()).orElse(false);
            case COPIED_LEASE ->
                    facts.copiedLeases()
                            .map(stand -> !stand.contains(notice.about()))
                            .orElse(false);
            case BLOCKED ->
                    facts.listing().isPresent()
                            && facts.progress()
                                    .map(all ->
                                            !all.waiting()
                                                    && all.cursors().values().stream()
                                                            .allMatch(
                                                                    it -> it.isAfter(notice.at())))
                                    .orElse(false);
            case UNSWEPT -> facts.listing().isPresent();
            // The pruner ends these at its next run; the sweep also ends PUBLIC.
            case APPROVE, BLIND, FORGOTTEN, PUBLIC, SLOW, UNPRUNED, UPKEEP -> false;
            // Whatever finds out that one of these is over ends it: the next store run, a drill
            // that passes, a message that is delivered, a share that is granted, requests that can
            // be read, permissions that last, items that can be read.
            case UNSTORED, DRILL, UNTOLD, SHARING, UNASKED, WITHDRAWN, UNREADABLE -> false;
            // These merely happen: they are events and never open.
            case CURSOR,
                    DRILL_BUDGET,
                    FETCH,
                    FIT,
                    FOREIGN_ORDER,
                    LEASE,
                    MALFORMED,
                    MISSED,
                    NO_ROOT,
                    OPERATE,
                    REQUEST,
                    RESTORE,
                    RESTORE_ADDRESS,
                    RESTORE_REQUEST,
                    RESTORE_TAGS,
                    ROOT,
                    TICKS,
                    UNFOLLOWED,
                    UNFROZEN,
                    UNTHAWED,
                    VOLUME_TAGS ->
                    false;
        };
    }

    /**
     * Whether an image that became available later, and is newer, makes up for one that was given
     * up.
     *
     * @param all the records of its policy and Region, under any of the policy's names
     */
    public static boolean isMadeUpFor(Image givenUp, Collection<Image> all) {
        return all.stream()
                .filter(Image::isGood)
                .filter(image -> image.since().isAfter(givenUp.since()))
                .map(Image::name)
                .filter(name -> name.instance().equals(givenUp.name().instance()))
                .anyMatch(name -> name.slot().compareTo(givenUp.name().slot()) > 0);
    }

    /** Whether the record is gone or passes the test; false if it was not read. */
    private static boolean record(
            String text, Facts facts, BiPredicate<Image, Collection<Image>> test) {
        return ImageName.parse(text)
                .flatMap(name ->
                        Optional.ofNullable(facts.records().get(name.policy()))
                                .map(records ->
                                        Optional.ofNullable(records.get(name))
                                                .map(image ->
                                                        test.test(
                                                                image,
                                                                allOf(name.policy(), facts)
                                                                        .orElse(List.of())))
                                                .orElse(true)))
                .orElse(false);
    }

    /** The records of a policy under all of its names; empty if some of them were not read. */
    private static Optional<List<Image>> allOf(String policy, Facts facts) {
        List<String> names =
                facts.policies().map(all -> all.allNames(policy)).orElse(List.of(policy));
        return facts.records().keySet().containsAll(names)
                ? Optional.of(
                        names.stream()
                                .flatMap(name ->
                                        facts
                                                .records()
                                                .getOrDefault(name, Map.of())
                                                .values()
                                                .stream())
                                .toList())
                : Optional.empty();
    }

    private static boolean isMade(Image image) {
        return switch (image.state()) {
            case REQUESTED, CREATING, FAILED -> false;
            case AVAILABLE, DISABLING, DISABLED, ENABLING, RETIRING -> true;
        };
    }

    private static boolean hasNoFormer(String policy, Facts facts, Policies policies) {
        return policies.named(policy)
                .map(it ->
                        it.prunesFormer()
                                || allOf(policy, facts)
                                        .map(records -> it.former(records).isEmpty())
                                        .orElse(false))
                .orElse(true);
    }

    private static boolean copiesSucceed(
            Notice notice, String cause, Facts facts, Policies policies) {
        String key = cause.substring(0, Math.max(0, cause.indexOf('/')));
        List<Policy> withThisKey =
                policies.all().stream()
                        .filter(policy ->
                                Optional.ofNullable(policy.replicate().get(facts.region()))
                                        .map(Policy.Replica::kmsKey)
                                        .filter(it -> CopyCause.word(it).equals(key))
                                        .isPresent())
                        .toList();
        return withThisKey.isEmpty()
                || withThisKey.stream()
                        .flatMap(policy -> allOf(policy.name(), facts).orElse(List.of()).stream())
                        .anyMatch(image ->
                                image.isCopy()
                                        && image.isGood()
                                        && image.since().isAfter(notice.at()));
    }

    /**
     * Whether none of the policy's images waits to be shared; false if its records were not read.
     */
    private static boolean isShared(String policy, Facts facts, Policies policies) {
        boolean shares = policies.find(policy).filter(it -> !it.share().isEmpty()).isPresent();
        return !shares
                || allOf(policy, facts)
                        .map(records ->
                                records.stream()
                                        .filter(Image::isGood)
                                        .noneMatch(Troubles::waitsToBeShared))
                        .orElse(false);
    }

    private static boolean waitsToBeShared(Image image) {
        return !image.shared() && image.due().isAfter(image.since());
    }

    private static boolean isStored(Image image) {
        return image.stored().filter(it -> it.state() == Stored.StoredState.STORED).isPresent();
    }

    private static boolean isWithdrawn(Image image) {
        return image.state() == ImageState.DISABLED || image.state() == ImageState.RETIRING;
    }

    private static boolean isHalfDone(Image image) {
        return switch (image.state()) {
            case DISABLING, ENABLING, RETIRING -> true;
            case REQUESTED, CREATING, AVAILABLE, DISABLED, FAILED -> false;
        };
    }

    private static boolean isListed(String idOrName, Map<ImageId, String> listed) {
        return listed.entrySet().stream()
                .anyMatch(image ->
                        image.getKey().value().equals(idOrName)
                                || image.getValue().equals(idOrName));
    }

    private static boolean hasMoved(Notice notice, String policy, Map<String, Instant> cursors) {
        Instant cursor = cursors.get(policy);
        return cursor == null || cursor.isAfter(notice.at());
    }
}
