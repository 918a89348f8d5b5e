package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What can go wrong, with the word that begins the key of its notice. The word is stored, so it
 * must never change. {@code alerts.Troubles} says how each trouble ends, and {@code alerts.Bundle}
 * whether people hear of many of a kind as one.
 */
public enum Trouble {
    /** A plan of the pruner waits for an approval. */
    APPROVE("approve"),
    /** An image is shared with somebody whom its policy does not name. */
    BEYOND("beyond"),
    /** It cannot be fully determined whether images are used, so nothing is removed. */
    BLIND("blind"),
    /** Work in a Region waits until a person acts. */
    BLOCKED("blocked"),
    /** Somebody copied the tags of a drill to an instance. */
    COPIED_LEASE("copied-lease"),
    /** Copies to a Region fail, and people are told. */
    COPIES("copies"),
    /** A copy to a Region failed once, and people have not been told yet. */
    COPY("copy"),
    /** The cursor of a schedule was in the future. */
    CURSOR("cursor"),
    /** A drill failed. */
    DRILL("drill"),
    /** The drills of a policy have used up their budget. */
    DRILL_BUDGET("drill-budget"),
    /** There will be no image for a slot, or no copy of it. */
    FAILED("failed"),
    /** An image could not be created again from S3. */
    FETCH("fetch"),
    /** The policies ask for more than EC2 allows in a Region. */
    FIT("fit"),
    /** An image has AMI Keeper's tags but another name. */
    FOREIGN("foreign"),
    /** Another account sent an order. */
    FOREIGN_ORDER("foreign-order"),
    /** There are images of a policy that is no longer in the file. */
    FORGOTTEN("forgotten"),
    /** There are images in a Region that their policy no longer names. */
    FORMER("former"),
    /** The instance of a drill could not be terminated. */
    LEASE("lease"),
    /** A removed image left snapshots behind. */
    LEFT("left"),
    /** A failed image could not be removed. */
    LITTER("litter"),
    /** A function was called with an event that it does not accept. */
    MALFORMED("malformed"),
    /** A slot was missed. */
    MISSED("missed"),
    /** A restore left an instance without its root volume. */
    NO_ROOT("no-root"),
    /** An order was refused. */
    OPERATE("operate"),
    /** Snapshots belong to no image. */
    ORPHAN("orphan"),
    /** EC2 has been working on an image for a long time. */
    PENDING("pending"),
    /** Anybody can launch an image. */
    PUBLIC("public"),
    /** EC2 refused a step of a removal. */
    REFUSED("refused"),
    /** An instance was not imaged although somebody requested it. */
    REQUEST("request"),
    /** A restore failed. */
    RESTORE("restore"),
    /** A restored instance did not get its Elastic IP address. */
    RESTORE_ADDRESS("restore-address"),
    /** An order to restore was refused. */
    RESTORE_REQUEST("restore-request"),
    /** The volumes of a restored instance lack their tags. */
    RESTORE_TAGS("restore-tags"),
    /** A root volume is in an image although its policy leaves it out. */
    ROOT("root"),
    /** Images of a policy could not be shared. */
    SHARE("share"),
    /** Sharing of an image could not be revoked; only earlier versions wrote this. */
    SHARED("shared"),
    /** EC2 refuses somebody with whom a policy shares images. */
    SHARING("sharing"),
    /** Pruning ran out of time. */
    SLOW("slow"),
    /** Images could no longer be started in a Region. */
    STOPPED("stopped"),
    /** An image is not stored in S3. */
    STORE("store"),
    /** The ticks came late or not at all. */
    TICKS("ticks"),
    /** AMI Keeper could not look for requests on instances. */
    UNASKED("unasked"),
    /** The state of a restore is unknown, and its time is up. */
    UNFOLLOWED("unfollowed"),
    /** A server was not prepared for its image. */
    UNFROZEN("unfrozen"),
    /** Nothing was pruned in a Region, because its images cannot be read. */
    UNPRUNED("unpruned"),
    /** The instances of a policy cannot be read. */
    UNREAD("unread"),
    /** This version cannot read items of the catalogue. */
    UNREADABLE("unreadable"),
    /** No images are stored in S3 from a Region, or in a bucket. */
    UNSTORED("unstored"),
    /** A Region could not be swept. */
    UNSWEPT("unswept"),
    /** A server may still be frozen after its image. */
    UNTHAWED("unthawed"),
    /** People cannot be told anything. */
    UNTOLD("untold"),
    /** EC2 refused to set something on an image that is kept. */
    UPKEEP("upkeep"),
    /** Snapshots do not get the tags of their volumes. */
    VOLUME_TAGS("volumeTags"),
    /** A copy has waited for its start for a long time. */
    WAITING("waiting"),
    /** Somebody else revoked launch permissions that AMI Keeper gave. */
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

    /** Returns the trouble that a word stands for; empty if this version does not know it. */
    static Optional<Trouble> named(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }

    /** The word that begins its keys. */
    public String word() {
        return word;
    }

    /** Returns the key of this trouble for a whole Region. */
    public NoticeKey in(Region region) {
        return NoticeKey.parse(word + "/" + region);
    }

    /**
     * Returns the key of this trouble in a Region.
     *
     * @param what the text of what has it there: an image, a policy, a cause
     */
    public NoticeKey in(Region region, Object what) {
        return NoticeKey.parse(word + "/" + region + "/" + what);
    }

    /**
     * Returns the key of this trouble outside any Region.
     *
     * @param whose the text of what has it: a policy, a function
     */
    public NoticeKey of(Object whose) {
        return NoticeKey.parse(word + "/" + whose);
    }

    /** Returns the key of one of several such troubles outside any Region. */
    public NoticeKey of(Object whose, Object which) {
        return NoticeKey.parse(word + "/" + whose + "/" + which);
    }
}
