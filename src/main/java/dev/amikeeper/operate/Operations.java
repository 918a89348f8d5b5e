package dev.amikeeper.operate;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.UnreadableItemException;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.function.BooleanSupplier;

/** Carries out what people order. Every order may be repeated. */
public final class Operations {
    private final Application app;
    private final Instant now;
    private final BooleanSupplier moreTime;

    /** Operations at this time, however long they take. */
    public Operations(Application app, Instant now) {
        this(app, now, () -> true);
    }

    /**
     * Operations at this time.
     *
     * @param moreTime whether one that takes many steps may begin another
     */
    public Operations(Application app, Instant now, BooleanSupplier moreTime) {
        this.app = app;
        this.now = now;
        this.moreTime = moreTime;
    }

    /**
     * Carries out an order, or says why not.
     *
     * @throws SdkException if EC2 does not answer; then it may be tried again
     */
    public OrderResult carryOut(Order order) {
        try {
            return carriedOut(order);
        } catch (UnreadableItemException left) {
            return OrderResult.refused(
                    order.subject() + " is left alone", String.valueOf(left.getMessage()));
        }
    }

    private OrderResult carriedOut(Order order) {
        return switch (order) {
            case Order.Deregister deregister -> new Deregistration(app, now).of(deregister);
            case Order.Share share -> new Sharing(app).of(share);
            case Order.Adopt adopt -> new Adoption(app, now).of(adopt);
            case Order.Store store -> new Storage(app, now).of(store);
            case Order.Fetch fetch -> new Fetching(app, now).of(fetch);
            case Order.Unshare unshare -> new Sharing(app).of(unshare);
            case Order.UnshareAll all -> new Unsharing(app, all, moreTime).outcome();
            case Order.Register register -> new Registration(app, now).of(register);
            case Order.RegisterAgain again -> new Registration(app, now).of(again);
        };
    }
}
