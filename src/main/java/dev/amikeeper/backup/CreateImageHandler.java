package dev.amikeeper.backup;

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
 * Starts the waiting images of each Region that was kicked, as many as EC2's bucket allows. An
 * image that cannot be started now keeps waiting, and a problem with one image does not stop the
 * others.
 */
public final class CreateImageHandler implements RequestHandler<SQSEvent, SliceReport> {
    private final Application app;
    private final ServerReads servers;

    /** Called by Lambda. */
    public CreateImageHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public CreateImageHandler(Application app) {
        this.app = app;
        servers = new ServerReads(app.instances(), app.clock());
    }

    @Override
    public SliceReport handleRequest(@Nullable SQSEvent input, Context context) {
        return app.invocation("CreateImageFunction")
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
        Worker worker = app.creator();
        StartRecorder starts = worker.starts();
        for (Slice slice : slices) {
            try {
                if (worker.relay().passOn(slice)) {
                    continue;
                }
                starts.begin(slice);
                worker.relay().begin(slice);
                Freezes freezes = freezes(slice);
                Relay.Left left = images(freezes, worker).startAll(slice);
                // Do this whatever became of the images, and even where none is waiting any longer.
                freezes.thaw(slice.timeLeft());
                starts.end(slice);
                worker.relay().end(slices, slice, left);
            } catch (RuntimeException error) {
                slices.failed(slice, error);
            }
        }
        return slices.report(starts.counts());
    }

    private Freezes freezes(Slice slice) {
        return new Freezes(
                app.catalog(),
                app.commands(),
                app.images().reads(),
                app.instances(),
                slice.region(),
                slice.now());
    }

    private WaitingImages images(Freezes freezes, Worker worker) {
        return new WaitingImages(
                app.catalog(), app.images().starts(), servers, app.policies(), freezes, worker);
    }
}
