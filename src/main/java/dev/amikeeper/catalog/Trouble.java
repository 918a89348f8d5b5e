package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What can go wrong, by the word that begins the key of its notice. A word is stored: it never
 * changes. How each ends is said in {@code alerts.Troubles}, and whether people hear of many of
 * them as one in {@code alerts.Bundle}.
 */
public enum Trouble {
    /** A plan of the pruner waits for an approval. */
    APPROVE("approve"),
    /** An image is shared with somebody whom its policy does not name. */
    BEYOND("beyond"),
    /** Whether images are used cannot be told in full, so nothing is removed. */
    BLIND("blind"),
    /** Work in a Region waits until a person acts. */
    BLOCKED("blocked"),
    /** Somebody copied the tags of a drill to an instance. */
    COPIED_LEASE("copied-lease"),
    /** Copies to a Region fail, and people are told. */
    COPIES("copies"),
    /** A copy to a Region failed once, and people are not told yet. */
    COPY("copy"),
    /** The cursor of a schedule stood in the future. */
    CURSOR("cursor"),
    /** A drill failed. */
    DRILL("drill"),
    /** The drills of a policy have used up their budget. */
    DRILL_BUDGET("drill-budget"),
    /** There will be no image for a slot, or no copy of it. */
    FAILED("failed"),
    /** An image could not be made again from S3. */
    FETCH("fetch"),
    /** An image has our tags but another name. */
    FOREIGN("foreign"),
    /** Another account sent an order. */
    FOREIGN_ORDER("foreign-order"),
    /** There are images of a policy that is no longer in the file. */
    FORGOTTEN("forgotten"),
    /** There are images in a Region that their policy does not name any more. */
    FORMER("former"),
    /** The instance of a drill could not be terminated. */
    LEASE("lease"),
    /** A removed image left snapshots behind. */
    LEFT("left"),
    /** A failed image could not be removed. */
    LITTER("litter"),
    /** A function was called with an event that it does not take. */
    MALFORMED("malformed"),
    /** A slot was missed. */
    MISSED("missed"),
    /** A restore left an instance without its root volume. */
    NO_ROOT("no-root"),
    /** An order was refused. */
    OPERATE("operate"),
    /** Snapshots belong to no image. */
    ORPHAN("orphan"),
    /** EC2 has been at work on an image for long. */
    PENDING("pending"),
    /** Everybody can launch an image. */
    PUBLIC("public"),
    /** EC2 refused a step of a removal. */
    REFUSED("refused"),
    /** An instance is not imaged though somebody asked for it. */
    REQUEST("request"),
    /** A restore failed. */
    RESTORE("restore"),
    /** A restored instance did not get its Elastic IP address. */
    RESTORE_ADDRESS("restore-address"),
    /** An order to restore was refused. */
    RESTORE_REQUEST("restore-request"),
    /** The volumes of a restored instance lack their tags. */
    RESTORE_TAGS("restore-tags"),
    /** A root volume is in an image though a policy leaves it out. */
    ROOT("root"),
    /** Images of a policy could not be shared. */
    SHARE("share"),
    /** An image could not be withdrawn from others; only earlier versions wrote this. */
    SHARED("shared"),
    /** EC2 refuses somebody with whom a policy shares. */
    SHARING("sharing"),
    /** Pruning ran out of time. */
    SLOW("slow"),
    /** The start of images in a Region had to stop. */
    STOPPED("stopped"),
    /** An image is not stored in S3. */
    STORE("store"),
    /** The ticks came late, or not at all. */
    TICKS("ticks"),
    /** Instances that are to be imaged on request could not be looked at. */
    UNASKED("unasked"),
    /** How a restore stands is not known, and its time is over. */
    UNFOLLOWED("unfollowed"),
    /** A server was not made ready for its image. */
    UNFROZEN("unfrozen"),
    /** Nothing was pruned in a Region, for its images cannot be read. */
    UNPRUNED("unpruned"),
    /** The instances of a policy cannot be read. */
    UNREAD("unread"),
    /** This version cannot read items of the catalogue. */
    UNREADABLE("unreadable"),
    /** Nothing is stored in S3 from a Region, or in a bucket. */
    UNSTORED("unstored"),
    /** A Region could not be swept. */
    UNSWEPT("unswept"),
    /** A server may still be frozen after its image. */
    UNTHAWED("unthawed"),
    /** People cannot be told anything. */
    UNTOLD("untold"),
    /** What is to be set on an image that stays was refused. */
    UPKEEP("upkeep"),
    /** Snapshots do not get the tags of their volumes. */
    VOLUME_TAGS("volumeTags"),
    /** A copy has waited to be begun for long. */
    WAITING("waiting"),
    /** Others took launch permissions that AMI Keeper gave. */
    WITHDRAWN("withdrawn");

    private static final Map<String, Trouble> BY_WORD = new HashMap<>();

    static {
        for (Trouble trouble : values()) {
            BY_WORD.put(trouble.word, trouble);
        }
    }

    private final String word;

    Trouble(String word) {
        this.word = word;
    }

    /** The trouble that a word stands for; empty if this version knows none. */
    static Optional<Trouble> named(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }

    /** The word that begins its keys. */
    public String word() {
        return word;
    }

    /** The key of this trouble of a whole Region. */
    public NoticeKey in(Region region) {
        return NoticeKey.parse(word + "/" + region);
    }

    /**
     * The key of this trouble in a Region.
     *
     * @param what has it there: an image, a policy, a cause; by its text
     */
    public NoticeKey in(Region region, Object what) {
        return NoticeKey.parse(word + "/" + region + "/" + what);
    }

    /**
     * The key of this trouble, which is of no Region.
     *
     * @param whose it is: a policy, a function; by its text
     */
    public NoticeKey of(Object whose) {
        return NoticeKey.parse(word + "/" + whose);
    }

    /** The same, of one of several. */
    public NoticeKey of(Object whose, Object which) {
        return NoticeKey.parse(word + "/" + whose + "/" + which);
    }
}
