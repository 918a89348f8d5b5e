package dev.amikeeper.replication;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.lifecycle.Relay;
import dev.amikeeper.lifecycle.Slice;
import dev.amikeeper.lifecycle.SliceReport;
import dev.amikeeper.lifecycle.Slices;
import dev.amikeeper.lifecycle.StartRecorder;
import dev.amikeeper.lifecycle.Worker;

import org.jspecify.annotations.Nullable;

/**
 * Starts the waiting copies to each Region that was kicked, the most needed ones first, while there
 * is room among the copies under way and as many as EC2's bucket allows. A copy that finds no room
 * keeps waiting, and this does not count as a try. Every copy that ends makes room and kicks the
 * worker if something waits.
 */
public final class CopyImageHandler implements RequestHandler<SQSEvent, SliceReport> {
    private final Application app;

    /** Called by Lambda. */
    public CopyImageHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public CopyImageHandler(Application app) {
        this.app = app;
    }

    @Override
    public SliceReport handleRequest(@Nullable SQSEvent input, Context context) {
        return app.invocation("CopyImageFunction")
                .run(
                        input,
                        context,
                        kicks ->
                                start(
                                        new Slices(
                                                kicks,
                                                app.policies(),
                                                app.clock(),
                                                Invocation.timeLeft(context))));
    }

    private SliceReport start(Slices slices) {
        Worker worker = app.copier();
        StartRecorder starts = worker.starts();
        WaitingCopies copies =
                new WaitingCopies(
                        app.catalog(),
                        app.images(),
                        app.policies(),
                        app.settings().copiesAtOnce(),
                        worker);
        for (Slice slice : slices) {
            try {
                if (worker.relay().passOn(slice)) {
                    continue;
                }
                starts.begin(slice);
                worker.relay().begin(slice);
                Relay.Left left = copies.startAll(slice);
                starts.end(slice);
                worker.relay().end(slices, slice, left);
            } catch (RuntimeException error) {
                slices.failed(slice, error);
            }
        }
        return slices.report(starts.counts());
    }
}
