package dev.amikeeper.demo;

/** Told how far a demo is. */
public interface Progress extends AutoCloseable {
    /** Tells nobody. */
    Progress NONE =
            new Progress() {
                @Override
                public void played(double days, int images) {}

                @Override
                public void close() {}
            };

    /** So many days are played, with so many images so far. */
    void played(double days, int images);

    @Override
    void close();
}
