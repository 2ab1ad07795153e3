"""What invigilators see in a browser: one module per page, its template beside it.

The script side works through the same listener: every act is one form, answered with JSON
to whoever asks for JSON.
"""
