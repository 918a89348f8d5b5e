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
 * Every image that AMI Keeper asked for, made or removed, and what waits. All reads are strongly
 * consistent but {@link #ofInstance}. Every write may be repeated: it answers whether it was the
 * one that changed something. What this version cannot read of another one's items it leaves out
 * and alone, and what it does not know of those that it can read it writes back with them.
 */
public interface Catalog {
    /** Where the schedules of all policies stand, and the Regions that were remembered. */
    Bookmarks bookmarks();

    /**
     * All Regions where there may be images: those of the policy file, and those that were
     * remembered.
     */
    default SortedSet<Region> regionsWith(Collection<Region> ofTheFile) {
        SortedSet<Region> regions = new TreeSet<>(bookmarks().regions());
        regions.addAll(ofTheFile);
        return regions;
    }

    /** Remembers a Region until it is forgotten, whatever policies name. */
    void remember(Region region);

    /** The same of one in which there is to be something by then: before, it is not forgotten. */
    void remember(Region region, Instant by);

    /**
     * Forgets a Region in which there is nothing any more.
     *
     * @return false if there is still to be something
     */
    boolean forget(Region region, Instant now);

    /**
     * Moves a cursor, records what became of the slots on the way and tells people of it.
     *
     * @param from where it stood; empty if it is new
     * @return false if somebody else moved it meanwhile
     */
    boolean moveCursor(Optional<Instant> from, Cursor to, List<Run> runs, List<Notice> notices);

    /** What became of a policy's slots, newest first. */
    List<Run> runs(String policy);

    /**
     * Records new intents. One whose slot was recorded before, or is buried, is left alone.
     *
     * @return those that are new
     */
    List<Image> request(Collection<Image> intents);

    /** Makes one step, if the record still stands as it did before it. */
    boolean save(Change change);

    /** Replaces an image's record by its tombstone. */
    boolean bury(Image before, Tombstone tombstone);

    /**
     * The record of an image.
     *
     * @throws UnreadableItemException if it is there and cannot be read
     */
    Optional<Image> find(Region region, ImageName name);

    /**
     * The image whose present attempt has this AMI.
     *
     * @throws UnreadableItemException if its record is there and cannot be read
     */
    Optional<Image> find(Region region, ImageId id);

    /**
     * What there is to do, oldest slot first; of what waits, only what is due by then, or so late
     * that only a wrong clock can have written it.
     */
    List<Image> work(Region region, Work kind, Instant dueBy, int limit);

    /** How many snapshot copies are under way to this Region. */
    int copiesInFlight(Region region);

    /** All images of a policy in a Region, by instance and slot. */
    List<Image> ofPolicy(String policy, Region region);

    /** The same of images that have one of these names of a policy. */
    default List<Image> ofPolicy(Collection<String> names, Region region) {
        return names.stream().flatMap(name -> ofPolicy(name, region).stream()).toList();
    }

    /** All images of an instance in all Regions, newest first; may lag by moments. */
    List<Image> ofInstance(InstanceId instance);

    /** The removed images of a policy in a Region, by instance and slot. */
    List<Tombstone> removed(String policy, Region region);

    /**
     * Puts a removed image's record in the place of its tombstone.
     *
     * @return false if the tombstone is gone
     */
    boolean unbury(Tombstone tombstone, Image after);

    /**
     * Changes the last record of a removed image, if its tombstone still stands as it did.
     *
     * @return false if it does not
     */
    boolean save(Tombstone before, Tombstone after);

    /**
     * The tombstone of an image; empty if it is not removed.
     *
     * @throws UnreadableItemException if there is one that cannot be read
     */
    Optional<Tombstone> removed(Region region, ImageName name);

    /** Of these images of a Region, the tombstones of those that are removed. */
    Map<ImageName, Tombstone> removed(Region region, Collection<ImageName> names);

    /**
     * Records an image that was found in EC2 and of which there is neither record nor tombstone.
     *
     * @return false if there is one
     */
    boolean adopt(Image found);

    /**
     * Records a restore that is asked for.
     *
     * @return false if there is one with this id
     */
    boolean begin(Restore restore);

    /** Makes one step of a restore, if its record still stands as it did before it. */
    boolean save(Restore before, Restore after);

    /**
     * A restore or drill.
     *
     * @throws UnreadableItemException if it is there and cannot be read
     */
    Optional<Restore> restore(String id);

    /** The restores and drills that are not over, by their ids. */
    List<Restore> restoring();

    /** The restores and drills of a policy in the last year, by their ids. */
    List<Restore> restores(String policy);

    /** The servers of a Region that were made ready for an image and are not let go yet. */
    List<Freeze> freezes(Region region);

    /**
     * Records that a server is about to be made ready for an image.
     *
     * @return false if that is recorded already
     */
    boolean begin(Freeze freeze);

    /** Makes one step, if the record still stands as it did before it. */
    boolean save(Freeze before, Freeze after);

    /** The server is let go. */
    void end(Freeze freeze);

    /**
     * The names of policies that ever were in the file or on an image, as far as they were seen.
     */
    Set<String> policies();

    /**
     * The names of all policies of which there may be images: those of the policy file, and those
     * that were in it once.
     */
    default SortedSet<String> policiesWith(Collection<String> ofTheFile) {
        SortedSet<String> names = new TreeSet<>(policies());
        bookmarks().cursors().forEach(cursor -> names.add(cursor.policy()));
        names.addAll(ofTheFile);
        return names;
    }

    /** Remembers a policy's name for as long as the catalogue lives. */
    void remember(String policy);

    /** The instances of a Region of which images are left, and since when they are gone. */
    Map<InstanceId, Instant> gone(Region region);

    /**
     * Remembers that a whole listing of the Region did not show this instance.
     *
     * @return false if that is remembered since earlier
     */
    boolean gone(Region region, InstanceId instance, Instant since);

    /** Forgets that an instance was gone: it is there. */
    void back(Region region, InstanceId instance);

    /** What the last sweep left for the next one. */
    SweepState lastSweep();

    /** Remembers what a sweep leaves for the next one. */
    void swept(SweepState state);

    /** What the last run of pruning saw of a policy, by Region. */
    List<PruneMark> marks(String policy);

    /** Remembers what a run of pruning saw. */
    void mark(PruneMark mark);

    /**
     * Records a notice. A trouble that was over is open anew; if nobody has set out yet to tell
     * people that it was over, they are told neither.
     *
     * @return false if one with this key stands already: an open trouble, or an event
     */
    boolean note(Notice notice);

    /**
     * Gives an open trouble the words that fit it now. If there is something else to do about it,
     * people are told again; it has lasted since the time it had.
     *
     * @return false if no trouble with this key is open, or it says that already
     */
    boolean reword(Notice notice);

    /**
     * Records that a trouble is over. Those who were told of it are told that too; if nobody has
     * set out yet to tell them, they are told neither.
     *
     * @return false if no such trouble is open
     */
    boolean resolve(NoticeKey about, Instant at);

    /** All notices, by time. */
    List<Notice> notices();

    /** The troubles that are open, by time. */
    List<Notice> open();

    /** What people have not been told yet: notices, and ends of troubles that they know of. */
    List<Notice> unannounced();

    /**
     * Remembers that somebody sets out to tell people this. It stays among what they have not been
     * told, and may have reached them from now on.
     *
     * @return false if it is not, or no longer, to be told
     */
    boolean telling(Notice notice);

    /** Remembers that people have been told this. */
    void announced(Notice notice);

    /**
     * The items that could not be read since this was asked last. All other answers leave them out;
     * only who asks for one such item by itself gets an {@link UnreadableItemException}.
     */
    List<Unreadable> takeUnreadable();

    /**
     * The images of a Region of which an item could not be read: a record, a tombstone or what is
     * to be done. As far as it was read since {@link #takeUnreadable} was asked last.
     */
    Set<ImageName> unreadable(Region region);

    /** What cannot be read of a partition now, by its key without the account. */
    List<Unreadable> unreadable(String partition);
}
