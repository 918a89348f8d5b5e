package dev.amikeeper.catalog;

import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Every image that AMI Keeper requested, made or removed, and all pending work. All reads are
 * strongly consistent except {@link #ofInstance}, {@link #before} and {@link #glimpse}. Every write
 * may be repeated; its result says whether this call changed something. Items of another version
 * that this version cannot read are left out and left alone. Attributes that it does not know are
 * written back with their item.
 */
public interface Catalog {
    /** Returns the positions of all policies' schedules, and the remembered Regions. */
    Bookmarks bookmarks();

    /**
     * Returns all Regions where there may be images: those of the policy file and the remembered
     * ones.
     */
    default SortedSet<Region> regionsWith(Collection<Region> ofTheFile) {
        SortedSet<Region> regions = new TreeSet<>(bookmarks().regions());
        regions.addAll(ofTheFile);
        return regions;
    }

    /** Remembers a Region until it is forgotten, whatever the policies name. */
    void remember(Region region);

    /**
     * Remembers a Region in which something will exist by then; it is not forgotten before that
     * time.
     */
    void remember(Region region, Instant by);

    /**
     * Forgets a Region in which nothing is left.
     *
     * @return false if something may still appear there
     */
    boolean forget(Region region, Instant now);

    /**
     * Moves a cursor, records what became of the slots it passed, and notifies people.
     *
     * @param from its former position; empty if it is new
     * @return false if somebody else moved it in the meantime
     */
    boolean moveCursor(Optional<Instant> from, Cursor to, List<Run> runs, List<Notice> notices);

    /** Returns what became of a policy's slots, newest first. */
    List<Run> runs(String policy);

    /**
     * Records new intents. An intent whose slot was already recorded, or has a tombstone, is left
     * out.
     *
     * @return the intents that are new
     */
    List<Image> request(Collection<Image> intents);

    /** Saves one step, unless the record has changed since it was read. */
    boolean save(Change change);

    /** Replaces an image's record with its tombstone, unless the record has changed. */
    boolean bury(Image before, Tombstone tombstone);

    /**
     * Replaces the records that these tombstones contain with the tombstones, many at a time. A
     * record that has changed stays.
     *
     * @return the tombstones that were written
     */
    List<Tombstone> bury(Collection<Tombstone> tombstones);

    /**
     * Returns the record of an image.
     *
     * @throws UnreadableItemException if it exists and cannot be read
     */
    Optional<Image> find(Region region, ImageName name);

    /** Returns the records of those of these images of a Region that have one. */
    Map<ImageName, Image> find(Region region, Collection<ImageName> names);

    /**
     * Returns the image whose current attempt has this AMI.
     *
     * @throws UnreadableItemException if its record exists and cannot be read
     */
    Optional<Image> find(Region region, ImageId id);

    /**
     * Returns pending work, oldest slot first. Waiting images are included only if they are due by
     * then, or so far in the future that only a wrong clock can have written the time.
     */
    List<Image> work(Region region, Work kind, Instant dueBy, int limit);

    /**
     * Returns whether there is pending work that is due by then. It costs one query of the small
     * entries of work, and reads no image.
     */
    boolean hasWork(Region region, Work kind, Instant dueBy);

    /**
     * Returns the names of images with pending work, oldest slot first. Images that wait are
     * included only if they are due, as in {@link #work(Region, Work, Instant, int)}. This reads no
     * records, so it is cheap even if a lot waits.
     *
     * @param after returns only names behind this one; from the beginning if empty
     * @param limit the most names to return
     */
    List<ImageName> waiting(
            Region region, Work kind, Instant dueBy, Optional<ImageName> after, int limit);

    /** Returns the records of those of these images that have such work, in the same order. */
    List<Image> work(Region region, Work kind, List<ImageName> names);

    /**
     * Returns the newest image of the same policy, instance and Region whose slot is before that of
     * this name, whatever became of it; may be slightly out of date. Empty if there is none, or it
     * cannot be read.
     */
    Optional<Image> before(Region region, ImageName name);

    /** Returns the number of images that are being copied to this Region. */
    int copiesInFlight(Region region);

    /** Returns all images of a policy in a Region, by instance and slot. */
    List<Image> ofPolicy(String policy, Region region);

    /**
     * Returns all images of a policy in a Region as they were a moment ago, which costs half as
     * much as {@link #ofPolicy}. It is enough for whoever compares them with something that takes
     * longer to read, because every write is refused if the record has changed since.
     */
    List<Image> glimpse(String policy, Region region);

    /** Returns all images in a Region that have one of these names of a policy. */
    default List<Image> ofPolicy(Collection<String> names, Region region) {
        return names.stream().flatMap(name -> ofPolicy(name, region).stream()).toList();
    }

    /**
     * Returns all images of an instance in all Regions, newest first; may be slightly out of date.
     */
    List<Image> ofInstance(InstanceId instance);

    /** Returns the removed images of a policy in a Region, by instance and slot. */
    List<Tombstone> removed(String policy, Region region);

    /**
     * Replaces a removed image's tombstone with a record.
     *
     * @return false if the tombstone is gone
     */
    boolean unbury(Tombstone tombstone, Image after);

    /**
     * Changes the last record of a removed image, unless its tombstone has changed since it was
     * read.
     *
     * @return false if it has
     */
    boolean save(Tombstone before, Tombstone after);

    /**
     * Returns the tombstone of an image; empty if the image has not been removed.
     *
     * @throws UnreadableItemException if it exists and cannot be read
     */
    Optional<Tombstone> removed(Region region, ImageName name);

    /** Returns the tombstones of those of these images of a Region that have been removed. */
    Map<ImageName, Tombstone> removed(Region region, Collection<ImageName> names);

    /**
     * Records an image that was found in EC2 and has neither a record nor a tombstone.
     *
     * @return false if it has one
     */
    default boolean adopt(Image found) {
        return !adopt(List.of(found)).isEmpty();
    }

    /**
     * Records images that were found in EC2, many at a time. One that has a record or a tombstone
     * is left out.
     *
     * @return the images that are new
     */
    List<Image> adopt(Collection<Image> found);

    /**
     * Records a requested restore.
     *
     * @return false if there is already one with this id
     */
    boolean begin(Restore restore);

    /** Saves one step of a restore, unless its record has changed since it was read. */
    boolean save(Restore before, Restore after);

    /**
     * Returns a restore or drill.
     *
     * @throws UnreadableItemException if it exists and cannot be read
     */
    Optional<Restore> restore(String id);

    /** Returns the restores and drills that are not over, by id. */
    List<Restore> restoring();

    /** Returns a policy's restores and drills of the last year, by id. */
    List<Restore> restores(String policy);

    /**
     * Returns the servers of a Region that were prepared for an image and have not been released.
     */
    List<Freeze> freezes(Region region);

    /**
     * Records that a server is about to be prepared for an image.
     *
     * @return false if that has already been recorded
     */
    boolean begin(Freeze freeze);

    /** Saves one step, unless the record has changed since it was read. */
    boolean save(Freeze before, Freeze after);

    /** Records that the server has been released. */
    void end(Freeze freeze);

    /** Returns the names of all policies that were ever seen in the file or on an image. */
    Set<String> policies();

    /**
     * Returns the names of all policies that may have images: those of the policy file and those
     * that were in it before.
     */
    default SortedSet<String> policiesWith(Collection<String> ofTheFile) {
        SortedSet<String> names = new TreeSet<>(policies());
        bookmarks().cursors().forEach(cursor -> names.add(cursor.policy()));
        names.addAll(ofTheFile);
        return names;
    }

    /** Remembers a policy's name for the life of the catalogue. */
    void remember(String policy);

    /**
     * Returns the instances of a Region that are gone but still have images, and since when they
     * are gone.
     */
    Map<InstanceId, Instant> gone(Region region);

    /**
     * Remembers that a complete listing of the Region did not show this instance.
     *
     * @return false if that was remembered before
     */
    boolean gone(Region region, InstanceId instance, Instant since);

    /** Forgets that an instance was gone, because it exists. */
    void back(Region region, InstanceId instance);

    /** Returns what the last sweep left for the next one. */
    SweepState lastSweep();

    /** Remembers what a sweep leaves for the next one. */
    void swept(SweepState state);

    /** Returns what the last pruning run saw of a policy, by Region. */
    List<PruneMark> marks(String policy);

    /** Remembers what a pruning run saw. */
    void mark(PruneMark mark);

    /** Returns the pruning run that the next one goes on with; empty if the last one finished. */
    Optional<UnfinishedPrune> unfinishedPrune();

    /** Remembers a pruning run that is to be gone on with. */
    void unfinished(UnfinishedPrune run);

    /** Forgets the pruning run that began then, unless another one has begun since. */
    void finishedPrune(Instant began);

    /**
     * Records a notice. A trouble that was over is opened again. If nobody has begun to tell people
     * that it was over, they are told neither its end nor its return.
     *
     * @return false if there is already one with this key: an open trouble, or an event
     */
    boolean note(Notice notice);

    /**
     * Updates the wording of an open trouble. If its remedy changes, people are told again. The
     * time of its beginning does not change.
     *
     * @return false if no trouble with this key is open, or it already has this wording
     */
    boolean reword(Notice notice);

    /**
     * Records that a trouble is over. Whoever was told about it is told that, too. If nobody has
     * begun to tell people about the trouble, they are told neither.
     *
     * @return false if no such trouble is open
     */
    boolean resolve(NoticeKey about, Instant at);

    /** Returns all notices, by time. */
    List<Notice> notices();

    /** Returns the open troubles, by time. */
    List<Notice> open();

    /**
     * Returns what people have not been told yet: notices, and ends of troubles that they know of.
     */
    List<Notice> unannounced();

    /**
     * Records that somebody is about to tell people this. It still counts as not told, but may have
     * reached them from now on.
     *
     * @return false if it is not, or no longer, to be told
     */
    boolean telling(Notice notice);

    /** Records that people have been told this. */
    void announced(Notice notice);

    /**
     * Returns the items that could not be read since the last call. Reads of several items leave
     * them out; only a read of one such item throws an {@link UnreadableItemException}.
     */
    List<Unreadable> takeUnreadable();

    /**
     * Returns the images of a Region with an unreadable item: a record, a tombstone or an entry of
     * work. It knows the items read since the last call of {@link #takeUnreadable}.
     */
    Set<ImageName> unreadable(Region region);

    /**
     * Returns the items of a partition that cannot be read now, given its key without the account.
     */
    List<Unreadable> unreadable(String partition);
}
