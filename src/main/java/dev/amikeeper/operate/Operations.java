package dev.amikeeper.operate;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.UnreadableItemException;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;

/** Carries out what people order. Every order may be repeated. */
public final class Operations {
    private final Application app;
    private final Instant now;

    /** Operations at this time. */
    public Operations(Application app, Instant now) {
        this.app = app;
        this.now = now;
    }

    /**
     * Carries out an order, or says why not.
     *
     * @throws SdkException if EC2 does not answer; then it may be tried again
     */
    public Outcome carryOut(Order order) {
        try {
            return carriedOut(order);
        } catch (UnreadableItemException left) {
            return Outcome.refused(
                    order.subject() + " is left alone", String.valueOf(left.getMessage()));
        }
    }

    private Outcome carriedOut(Order order) {
        return switch (order) {
            case Order.Deregister deregister -> new Deregistration(app, now).of(deregister);
            case Order.Share share -> new Sharing(app).of(share);
            case Order.Adopt adopt -> new Adoption(app, now).of(adopt);
            case Order.Store store -> new Storage(app, now).of(store);
            case Order.Fetch fetch -> new Fetching(app, now).of(fetch);
            case Order.Unshare unshare -> new Sharing(app).of(unshare);
            case Order.Register register -> new Registration(app, now).of(register);
            case Order.RegisterAgain again -> new Registration(app, now).of(again);
        };
    }
}
